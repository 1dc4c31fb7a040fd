/** The records in etcd: keys, dialects, and how far they are trusted. */
@NullMarked
package io.github.grpclb.etcd.record;

import org.jspecify.annotations.NullMarked;
