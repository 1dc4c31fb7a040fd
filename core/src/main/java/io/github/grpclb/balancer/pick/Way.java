package io.github.grpclb.balancer.pick;

/**
 * Where calls go.
 *
 * @param pool among these
 * @param share so many of them, 0 to 1
 */
record Way(Pool pool, double share) {}
