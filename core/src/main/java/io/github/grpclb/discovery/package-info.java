/** Values and ports: what an endpoint is, how endpoints arrive and how one is announced. Knows no registry, no gRPC and no Spring. */
@NullMarked
package io.github.grpclb.discovery;

import org.jspecify.annotations.NullMarked;
