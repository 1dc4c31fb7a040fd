/** How a server stands in etcd: its lease and its own key. */
@NullMarked
package io.github.grpclb.etcd.announce;

import org.jspecify.annotations.NullMarked;
