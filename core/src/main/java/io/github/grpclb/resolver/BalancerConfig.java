package io.github.grpclb.resolver;

/** The configuration of a balancer that takes it from its lists too ({@link EndpointNameResolver#BALANCER_CONFIG}). */
public interface BalancerConfig {}
