package io.github.grpclb.etcd.record;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;

/**
 * What a record says, and in which form.
 *
 * @param form seen by the record's shape
 * @param endpoint what it says
 */
@Internal
public record FoundEndpoint(Form form, Endpoint endpoint) {

    /** How a record is written. */
    public enum Form {
        /** The JSON of Go's naming package, which this library writes too. */
        GO,
        /** The JSON of Kratos. */
        KRATOS,
        /** An address alone, as go-zero writes it. */
        ADDRESS,
        /** A weight alone; the address is in the key. */
        WEIGHT
    }
}
