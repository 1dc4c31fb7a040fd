/**
 * Endpoints in etcd: how they are written, kept, listed and followed. The only package that knows etcd. Nothing here
 * knows Spring or gRPC's load balancing.
 *
 * <p>All state of all loops is confined to the one thread of {@link io.github.grpclb.etcd.EtcdConnection}; what is
 * called from elsewhere hands over to it.
 */
@NullMarked
package io.github.grpclb.etcd;

import org.jspecify.annotations.NullMarked;
