/** Kubernetes as the registry: a Service's EndpointSlices are listed and watched over plain HTTPS. Knows no Spring. */
@NullMarked
package io.github.grpclb.kubernetes;

import org.jspecify.annotations.NullMarked;
