/** What happened lately to the services that this process calls, for whoever looks after it. Knows neither gRPC nor Spring. */
@NullMarked
package io.github.grpclb.timeline;

import org.jspecify.annotations.NullMarked;
