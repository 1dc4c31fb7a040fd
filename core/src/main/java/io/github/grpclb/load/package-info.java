/** What this process has seen of the servers: calls in flight, latency and outcomes. The balancer feeds it, policies read it. */
@NullMarked
package io.github.grpclb.load;

import org.jspecify.annotations.NullMarked;
