/** Micrometer's view of calls, endpoints and the registry; {@link io.github.grpclb.metrics.GrpcLbMeters} lists the meters. */
@NullMarked
package io.github.grpclb.metrics;

import org.jspecify.annotations.NullMarked;
