package io.github.grpclb.etcd.announce;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import org.jspecify.annotations.Nullable;

/** What was found under a registration's own key. */
@Internal
public sealed interface FoundRecord {

    /** It is as it should be. */
    record Good(long modRevision) implements FoundRecord {}

    /** Nothing is there. */
    record Absent() implements FoundRecord {

        @Override
        public long modRevision() {
            return 0;
        }
    }

    /** Ours, of an earlier lease or with earlier values. */
    record Stale(long modRevision) implements FoundRecord {}

    /** An operator wrote over our record, and what was meant is a new weight. */
    record OtherWeight(long modRevision, int weight) implements FoundRecord {}

    /** Somebody wrote over our record, and it is to be restored. */
    record Overwritten(long modRevision) implements FoundRecord {}

    /**
     * It belongs to another process's lease.
     *
     * @param endpoint what that process announces; null where it cannot be read
     */
    record Foreign(long modRevision, long lease, @Nullable Endpoint endpoint) implements FoundRecord {}

    /**
     * What a registration wants and has.
     *
     * @param canonical the wanted endpoint as a reader would decode it
     * @param value the wanted value
     * @param written the value that was last put; empty before that
     * @param lease the lease that is held
     */
    record Wanted(Endpoint canonical, ByteString value, ByteString written, long lease) {}

    /** Returns the revision of the key's last change, 0 where there is none: what is put depends on it. */
    long modRevision();

    static FoundRecord judge(@Nullable KeyValue found, Wanted wanted, EndpointCodec codec) {
        if (found == null) {
            return new Absent();
        }
        long modRevision = found.modRevision();
        if (found.lease() == wanted.lease() && found.value().equals(wanted.value())) {
            return new Good(modRevision);
        }
        Endpoint endpoint = read(found, wanted.canonical().service(), codec);
        if (found.lease() != 0 && found.lease() != wanted.lease()) {
            return isSameProcess(endpoint, wanted.canonical())
                    ? new Stale(modRevision)
                    : new Foreign(modRevision, found.lease(), endpoint);
        }
        if (found.value().equals(wanted.value())) {
            return new Overwritten(modRevision);
        }
        boolean asWeLeftIt = wanted.written().isEmpty() || found.value().equals(wanted.written());
        if (asWeLeftIt) {
            return new Stale(modRevision);
        }
        if (endpoint != null && wanted.value().equals(wanted.written()) && isEdited(endpoint, wanted.canonical())) {
            return new OtherWeight(modRevision, endpoint.weight());
        }
        return new Overwritten(modRevision);
    }

    /** Whether a record was written by the process that announces an endpoint. */
    static boolean isOfSameProcess(KeyValue found, Endpoint endpoint, EndpointCodec codec) {
        return isSameProcess(read(found, endpoint.service(), codec), endpoint);
    }

    private static boolean isEdited(Endpoint found, Endpoint wanted) {
        return found.address().equals(wanted.address()) && found.weight() != wanted.weight();
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
