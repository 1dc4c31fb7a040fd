package io.github.grpclb.etcd;

import io.github.grpclb.discovery.AddressRules;

/**
 * How far the records of others are trusted. Immutable.
 *
 * @param addresses the hosts that a record may name
 * @param maxEndpoints how many endpoints of a service are used at most, from 1; of more, those whose keys are oldest
 */
public record RecordRules(AddressRules addresses, int maxEndpoints) {

    /** Any host that is one machine, and 10 000 endpoints. */
    public static final RecordRules DEFAULT = new RecordRules(AddressRules.DEFAULT, 10_000);

    public RecordRules {
        if (maxEndpoints < 1) {
            throw new IllegalArgumentException("max-endpoints: " + maxEndpoints + " (expected: at least 1)");
        }
    }
}
