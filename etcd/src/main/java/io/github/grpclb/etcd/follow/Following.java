package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.follow.LastLists;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.RecordRules;
import java.util.List;

/**
 * What the services of one source have in common.
 *
 * @param keys where the records are
 * @param rules how far they are trusted
 * @param lists what outlives the process
 * @param observer hears of watches
 */
@Internal
public record Following(KeySpace keys, RecordRules rules, LastLists<List<KeyValue>> lists, RegistryObserver observer) {}
