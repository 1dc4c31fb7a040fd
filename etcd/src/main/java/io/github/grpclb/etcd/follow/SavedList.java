package io.github.grpclb.etcd.follow;

import io.github.grpclb.etcd.record.KeyValue;
import java.util.List;

/**
 * A service's last good list as it was found on disk; whether its records name endpoints is not known yet.
 *
 * @param asOf when etcd last confirmed it, milliseconds since the epoch
 * @param origin where it was found, for a log line
 */
record SavedList(long asOf, List<KeyValue> records, String origin) {}
