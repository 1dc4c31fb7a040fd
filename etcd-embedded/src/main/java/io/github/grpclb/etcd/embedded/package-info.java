/**
 * An in-JVM server of etcd's v3 API for development and tests: in memory, on loopback, one member.
 *
 * <p>One thread runs every call, expires leases and feeds watches. So nothing in this package is locked, and no class
 * but {@link io.github.grpclb.etcd.embedded.EmbeddedEtcd} may be used from another thread.
 */
@NullMarked
package io.github.grpclb.etcd.embedded;

import org.jspecify.annotations.NullMarked;
