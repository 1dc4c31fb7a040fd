/** What a policy is made of, and what a call can say to it. Knows neither a concrete policy nor the balancer above. */
@NullMarked
package io.github.grpclb.policy;

import org.jspecify.annotations.NullMarked;
