package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.RecordRules;

/**
 * What the services of one source have in common.
 *
 * @param keys where the records are
 * @param rules how far they are trusted
 * @param lists what outlives the process
 * @param observer hears of watches
 */
@Internal
public record Following(KeySpace keys, RecordRules rules, LastLists lists, RegistryObserver observer) {}
