package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done about what was found under a registration's own key.
 *
 * @param verdict what to do
 * @param weight the weight that an operator has set, with {@link Verdict#ADOPT_WEIGHT}
 * @param other the other process's endpoint, with {@link Verdict#FOREIGN} and where it can be read
 */
record FoundRecord(Verdict verdict, int weight, @Nullable Endpoint other) {

    enum Verdict {
        /** It is as it should be. */
        GOOD,
        /** Nothing is there. */
        ABSENT,
        /** Ours, of an earlier lease or with earlier values. */
        STALE,
        /** An operator wrote over our record, and what was meant is a new weight. */
        ADOPT_WEIGHT,
        /** Somebody wrote over our record, and it is to be restored. */
        OVERWRITTEN,
        /** It belongs to another process's lease. */
        FOREIGN
    }

    /**
     * What a registration wants and has.
     *
     * @param canonical the wanted endpoint as a reader would decode it
     * @param value the wanted value
     * @param written the value that was last put; null before that
     * @param lease the lease that is held
     */
    record Wanted(
            Endpoint canonical, ByteString value, @Nullable ByteString written, long lease) {}

    static FoundRecord judge(@Nullable KeyValue found, Wanted wanted, EndpointCodec codec) {
        if (found == null) {
            return of(Verdict.ABSENT);
        }
        if (found.lease() == wanted.lease() && found.value().equals(wanted.value())) {
            return of(Verdict.GOOD);
        }
        Endpoint endpoint = read(found, wanted.canonical().service(), codec);
        if (found.lease() != 0 && found.lease() != wanted.lease()) {
            return isSameProcess(endpoint, wanted.canonical())
                    ? of(Verdict.STALE)
                    : new FoundRecord(Verdict.FOREIGN, 0, endpoint);
        }
        if (found.value().equals(wanted.value())) {
            return of(Verdict.OVERWRITTEN);
        }
        boolean asWeLeftIt = wanted.written() == null || found.value().equals(wanted.written());
        if (asWeLeftIt) {
            return of(Verdict.STALE);
        }
        if (endpoint != null && wanted.value().equals(wanted.written()) && isEdited(endpoint, wanted.canonical())) {
            return new FoundRecord(Verdict.ADOPT_WEIGHT, endpoint.weight(), null);
        }
        return of(Verdict.OVERWRITTEN);
    }

    /** Whether a record was written by the process that announces an endpoint. */
    static boolean isOfSameProcess(KeyValue found, Endpoint endpoint, EndpointCodec codec) {
        return isSameProcess(read(found, endpoint.service(), codec), endpoint);
    }

    private static boolean isEdited(Endpoint found, Endpoint wanted) {
        return found.address().equals(wanted.address()) && found.weight() != wanted.weight();
    }

    private static FoundRecord of(Verdict verdict) {
        return new FoundRecord(verdict, 0, null);
    }

    private static boolean isSameProcess(@Nullable Endpoint found, Endpoint wanted) {
        return found != null
                && wanted.id() != null
                && wanted.startedAt() != 0
                && found.identity().equals(wanted.identity());
    }

    private static @Nullable Endpoint read(KeyValue found, String service, EndpointCodec codec) {
        try {
            return codec.decode(service, found);
        } catch (MalformedRecordException e) {
            return null;
        }
    }
}
