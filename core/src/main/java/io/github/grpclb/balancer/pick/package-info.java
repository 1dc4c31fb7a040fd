/** From the connections to a call's server: the steps over every policy, and the pickers. */
@NullMarked
package io.github.grpclb.balancer.pick;

import org.jspecify.annotations.NullMarked;
