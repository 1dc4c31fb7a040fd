/** An xDS control plane that is fed by an {@link io.github.grpclb.discovery.EndpointSource}. Knows no registry and no Spring. */
@NullMarked
package io.github.grpclb.xds;

import org.jspecify.annotations.NullMarked;
