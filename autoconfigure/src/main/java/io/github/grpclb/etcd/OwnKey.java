package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.etcd.EtcdObserver.Loss;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The key of one registration. One routine, {@link #look}, reads it and makes it what it should be; every put is guarded by what
 * was seen, so that nobody else's record is ever overwritten unseen. What was put is read once more at once: as clients list a
 * service with such reads, it is then visible to them. So a registration costs etcd one read with each write and each renewal,
 * however many clients there are. For the loop's thread.
 */
final class OwnKey {

    /** Whose key it is. */
    interface Owner {

        /** Whether it is, or may be, announced: only then is the key touched. */
        boolean isWanted();

        /** What is to be announced. */
        Endpoint wanted();

        /** An operator has given it another weight. */
        void weightSet(Endpoint endpoint);

        /** The key holds the value under the lease. */
        void announced(ByteString value);

        /** There is nothing more to be written. */
        void upToDate();

        /** The key was read and is as it should be, so long after it was put; null where it was seen since. */
        void seen(@Nullable Duration lag);

        /** The key is not as it was left; it is being put back. */
        void lost(Loss reason, String why);

        /** Another live process holds the key. */
        void conflict(String why, EtcdApi.TimeToLive left, KeyConflict conflict);

        /** The lease is given up by another process that held the key. */
        void takesOver(long lease);

        /** etcd does not answer or does not want it; it is tried again. */
        void failed(EtcdException cause);
    }

    /** An endpoint as it is written, and as a reader has it. */
    private record Encoded(Endpoint endpoint, ByteString value, Endpoint canonical) {}

    private final EtcdRegistration.Context context;
    private final EtcdLoop loop;
    private final EtcdApi api;
    private final String key;
    private final EtcdLease lease;
    private final Owner owner;
    private final Backoff backoff;

    private EtcdLoop.Timer timer = EtcdLoop.Timer.NONE;
    private @Nullable Encoded encoded;
    private @Nullable ByteString written;
    private @Nullable Long unseenSince;
    private @Nullable KeyConflict conflict;
    private boolean refused;
    private boolean looking;
    private boolean lookAgain;

    OwnKey(EtcdRegistration.Context context, String key, EtcdLease lease, Owner owner) {
        this.context = context;
        this.loop = context.loop();
        this.api = context.api();
        this.key = key;
        this.lease = lease;
        this.owner = owner;
        this.backoff = new Backoff(loop);
    }

    /** Reads the key and makes it what it should be; where etcd has refused that, not before the pause is over. */
    void look() {
        if (refused || isOver()) {
            return;
        }
        if (looking) {
            lookAgain = true;
            return;
        }
        looking = true;
        timer.cancel();
        loop.when(() -> api.get(key), this::decide, this::failed);
    }

    /** Looks no more; returns whether the key may hold a record of ours. */
    boolean leave() {
        timer.cancel();
        return written != null || looking;
    }

    private void decide(@Nullable KeyValue found) {
        if (ended()) {
            return;
        }
        Encoded wanted = encode(owner.wanted());
        FoundRecord record = FoundRecord.judge(
                found,
                new FoundRecord.Wanted(wanted.canonical(), wanted.value(), written, lease.id()),
                context.codec());
        switch (record.verdict()) {
            case GOOD -> good(wanted.value());
            case STALE -> put(found, wanted.value());
            case ABSENT -> {
                owner.lost(Loss.KEY_DELETED, "the key was deleted");
                put(found, wanted.value());
            }
            case OVERWRITTEN -> {
                owner.lost(Loss.VALUE_OVERWRITTEN, "the value was overwritten");
                put(found, wanted.value());
            }
            case ADOPT_WEIGHT -> {
                Endpoint adopted =
                        wanted.endpoint().toBuilder().weight(record.weight()).build();
                owner.weightSet(adopted);
                put(found, encode(adopted).value());
            }
            case FOREIGN -> {
                if (found != null) {
                    owner.lost(Loss.TAKEN_OVER, "another process holds the key");
                    meet(found, wanted.value(), record.other());
                }
            }
        }
    }

    private void good(ByteString value) {
        Long since = unseenSince;
        settled(value);
        unseenSince = null;
        owner.seen(since == null ? null : loop.since(since));
        goOn();
    }

    private void put(@Nullable KeyValue found, ByteString value) {
        long modRevision = found == null ? 0 : found.modRevision();
        unseenSince = loop.now();
        loop.when(
                () -> api.putIfUnchanged(key, modRevision, value, lease.id()),
                done -> {
                    if (ended()) {
                        return;
                    }
                    if (done) {
                        settled(value);
                        goOn();
                        if (!looking) {
                            look();
                        }
                    } else {
                        pause(backoff.next());
                    }
                },
                this::failed);
    }

    /** Waits for the end of the process under whose lease the key is. */
    private void meet(KeyValue found, ByteString value, @Nullable Endpoint other) {
        loop.when(
                () -> api.timeToLive(found.lease()),
                left -> {
                    if (ended()) {
                        return;
                    }
                    if (KeyConflict.isAbandoned(left)) {
                        owner.takesOver(found.lease());
                        put(found, value);
                        return;
                    }
                    KeyConflict known = conflict;
                    if (known == null || known.lease() != found.lease()) {
                        known = new KeyConflict(found.lease(), other);
                        conflict = known;
                    }
                    owner.conflict(known.describe(), left, known);
                    pause(KeyConflict.pause(left, lease.interval()));
                },
                this::failed);
    }

    private void settled(ByteString value) {
        looking = false;
        conflict = null;
        written = value;
        backoff.reset();
        owner.announced(value);
    }

    private void goOn() {
        if (lookAgain) {
            lookAgain = false;
            look();
        } else {
            owner.upToDate();
        }
    }

    private void failed(EtcdException failure) {
        if (ended()) {
            return;
        }
        if (failure.kind() == EtcdException.Kind.LEASE_GONE) {
            looking = false;
            lookAgain = false;
            lease.gone();
            return;
        }
        refused = failure.needsAPerson();
        pause(backoff.next(failure));
        owner.failed(failure);
    }

    private void pause(Duration delay) {
        looking = false;
        lookAgain = false;
        timer = loop.after(delay, () -> {
            refused = false;
            look();
        });
    }

    private Encoded encode(Endpoint endpoint) {
        Encoded known = encoded;
        if (known == null || known.endpoint() != endpoint) {
            EndpointCodec codec = context.codec();
            known = new Encoded(endpoint, codec.encode(endpoint), codec.canonical(endpoint));
            encoded = known;
        }
        return known;
    }

    private boolean isOver() {
        return !owner.isWanted() || lease.state() != EtcdLease.State.HELD;
    }

    /** Ends a look whose registration, or lease, has ended meanwhile. */
    private boolean ended() {
        if (isOver()) {
            looking = false;
            lookAgain = false;
            return true;
        }
        return false;
    }
}
