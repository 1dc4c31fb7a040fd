/** One connection for each endpoint, and what its calls leave behind. */
@NullMarked
package io.github.grpclb.balancer.connection;

import org.jspecify.annotations.NullMarked;
