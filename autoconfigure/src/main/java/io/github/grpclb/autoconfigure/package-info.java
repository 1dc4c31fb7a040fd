/** Properties and wiring: the auto-configurations, one per concern, and the adapters for net.devh's gRPC starter. */
@NullMarked
package io.github.grpclb.autoconfigure;

import org.jspecify.annotations.NullMarked;
