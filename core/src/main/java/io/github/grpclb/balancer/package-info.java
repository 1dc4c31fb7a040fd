/** The load balancer {@code endpoint_lb}: connections and their state, the steps over every policy, and its providers. Knows no Spring. */
@NullMarked
package io.github.grpclb.balancer;

import org.jspecify.annotations.NullMarked;
