/** What is said of a server, and of why it gets its calls or none. */
@NullMarked
package io.github.grpclb.balancer.explain;

import org.jspecify.annotations.NullMarked;
