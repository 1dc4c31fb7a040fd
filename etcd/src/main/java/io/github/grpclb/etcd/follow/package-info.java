/** How a service is followed in etcd: list, then watch. */
@NullMarked
package io.github.grpclb.etcd.follow;

import org.jspecify.annotations.NullMarked;
