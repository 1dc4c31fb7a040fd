/** The settings of {@code endpoint_lb} and of the steps over every policy. */
@NullMarked
package io.github.grpclb.balancer.config;

import org.jspecify.annotations.NullMarked;
