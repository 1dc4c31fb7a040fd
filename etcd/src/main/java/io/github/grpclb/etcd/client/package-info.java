/** The connection to etcd: its wire, its one thread, and retrying. */
@NullMarked
package io.github.grpclb.etcd.client;

import org.jspecify.annotations.NullMarked;
