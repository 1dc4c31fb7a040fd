/** Overrides in etcd: their records, how they are followed, and how operators put them. */
@NullMarked
package io.github.grpclb.etcd.override;

import org.jspecify.annotations.NullMarked;
