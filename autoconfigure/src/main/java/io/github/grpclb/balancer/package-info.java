/**
 * Connections, their state and the picking machinery of the load balancer {@code endpoint_lb}; knows no concrete policy and no
 * Spring.
 */
@NullMarked
package io.github.grpclb.balancer;

import org.jspecify.annotations.NullMarked;
