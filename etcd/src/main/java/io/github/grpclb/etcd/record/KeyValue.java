package io.github.grpclb.etcd.record;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Internal;

/**
 * A key of etcd with its value.
 *
 * @param lease the lease that it goes with; 0 when it stays until it is deleted
 */
@Internal
public record KeyValue(String key, ByteString value, long createRevision, long modRevision, long lease) {}
