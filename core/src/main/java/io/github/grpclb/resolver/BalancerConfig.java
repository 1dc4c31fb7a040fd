package io.github.grpclb.resolver;

/** The configuration of a balancer that takes it from its lists too ({@link EndpointAttributes#BALANCER_CONFIG}). */
public interface BalancerConfig {}
