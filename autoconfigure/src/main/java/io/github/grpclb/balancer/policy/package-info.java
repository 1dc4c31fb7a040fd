/** The policies, one small class each, and {@link io.github.grpclb.balancer.policy.Policies}, their table. */
@NullMarked
package io.github.grpclb.balancer.policy;

import org.jspecify.annotations.NullMarked;
