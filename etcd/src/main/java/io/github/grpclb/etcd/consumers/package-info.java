/** Who calls which service: what a process says of itself, and what all say together. */
@NullMarked
package io.github.grpclb.etcd.consumers;

import org.jspecify.annotations.NullMarked;
