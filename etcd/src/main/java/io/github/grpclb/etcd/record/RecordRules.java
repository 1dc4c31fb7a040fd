package io.github.grpclb.etcd.record;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.IllegalValueException;

/**
 * How far the records of others are trusted. Immutable.
 *
 * @param addresses the hosts that a record may name
 * @param maxEndpoints how many endpoints of a service are used at most, from 1; of more, those whose keys are oldest
 */
public record RecordRules(AddressRules addresses, int maxEndpoints) {

    /** Any host that is one machine, and 10 000 endpoints. */
    public static final RecordRules DEFAULT = new RecordRules(AddressRules.DEFAULT, 10_000);

    /**
     * Checks.
     *
     * @throws IllegalValueException if no endpoint could be used
     */
    public RecordRules {
        if (maxEndpoints < 1) {
            throw new IllegalValueException("maxEndpoints", maxEndpoints, "at least 1");
        }
    }
}
