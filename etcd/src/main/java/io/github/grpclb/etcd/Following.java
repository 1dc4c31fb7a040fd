package io.github.grpclb.etcd;

import io.github.grpclb.discovery.RegistryObserver;

/**
 * What the services of one source have in common.
 *
 * @param keys where the records are
 * @param rules how far they are trusted
 * @param lists what outlives the process
 * @param observer hears of watches
 */
record Following(KeySpace keys, RecordRules rules, LastLists lists, RegistryObserver observer) {}
