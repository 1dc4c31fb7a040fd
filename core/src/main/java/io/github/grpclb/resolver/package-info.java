/** Endpoints become gRPC addresses: the scheme {@code etcd} and what a channel's service config is at the moment. Knows no Spring. */
@NullMarked
package io.github.grpclb.resolver;

import org.jspecify.annotations.NullMarked;
