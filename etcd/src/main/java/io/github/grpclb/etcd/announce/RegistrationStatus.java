package io.github.grpclb.etcd.announce;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.Status;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.RegistryObserver.Loss;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a registration stands, and what it tells of that: to whoever asks, to the log and to the observer. Changed on the loop's
 * thread, read on any.
 */
final class RegistrationStatus {

    private static final Logger log = LoggerFactory.getLogger(RegistrationStatus.class);

    private record Facts(
            State state,
            long since,
            @Nullable String reason,
            boolean visible,
            @Nullable Duration lag) {}

    private final EtcdLoop loop;
    private final RegistryObserver observer;
    private final String key;
    private volatile Facts facts;
    private boolean registeredBefore;

    RegistrationStatus(EtcdLoop loop, RegistryObserver observer, String key) {
        this.loop = loop;
        this.observer = observer;
        this.key = key;
        this.facts = new Facts(State.PENDING, loop.now(), "etcd has not answered yet", false, null);
    }

    State state() {
        return facts.state();
    }

    Status now() {
        Facts known = facts;
        return new Status(known.state(), loop.since(known.since()), known.reason(), known.visible(), known.lag());
    }

    /** The key holds what is wanted, under the lease; returns whether it does for the first time. */
    boolean registered(Endpoint endpoint, ByteString value, EtcdLease lease) {
        boolean isNew = state() != State.REGISTERED;
        boolean isFirst = !registeredBefore;
        loop.logLimit().over(key);
        is(State.REGISTERED, null);
        registeredBefore = true;
        if (isNew) {
            log.info(
                    "{}: {} as {} under lease {}, TTL {} s",
                    name(),
                    isFirst ? "registered" : "registered again",
                    LogText.of(value.toStringUtf8()),
                    Long.toHexString(lease.id()),
                    lease.ttl().toSeconds());
            loop.foreign(() -> observer.registered(endpoint));
        }
        return isFirst;
    }

    /** Something is to be written that nobody has read yet. */
    void unseen() {
        Facts known = facts;
        facts = new Facts(known.state(), known.since(), known.reason(), false, known.lag());
    }

    /** What is announced was read, so long after it was written; null where that was seen before. */
    void seen(Endpoint endpoint, @Nullable Duration lag) {
        Facts known = facts;
        facts = new Facts(known.state(), known.since(), known.reason(), true, lag != null ? lag : known.lag());
        if (lag != null) {
            log.debug("{}: visible {} ms after it was written", name(), lag.toMillis());
            loop.foreign(() -> observer.seen(endpoint, lag));
        }
    }

    /** The key, or its lease, is not as it was left, and is being put back. */
    void lost(Endpoint endpoint, Loss reason, String why) {
        if (state() == State.REGISTERED) {
            is(State.PENDING, why);
            log.warn("{}: lost, {}; putting it back", name(), why);
            loop.foreign(() -> observer.lost(endpoint, reason));
        }
    }

    /** An operator has given it another weight. */
    void weightSet(int before, int now) {
        log.info("{}: weight {} → {} set in etcd", name(), before, now);
    }

    /** Another live process holds the key. */
    void conflict(Endpoint own, KeyConflict conflict, EtcdApi.TimeToLive left) {
        Facts before = facts;
        String why = conflict.describe();
        is(State.CONFLICT, why);
        if (before.state() != State.CONFLICT || !why.equals(before.reason())) {
            loop.foreign(() -> observer.conflict(own, why));
        }
        conflict.log(key, own, left, loop.now(), loop.logLimit());
    }

    /** The process that held the key has given its lease up. */
    void takesOver(long lease) {
        log.info("{}: taken over from lease {}", name(), Long.toHexString(lease));
    }

    /** etcd does not answer or does not want it; it is tried again. */
    void failed(EtcdException failure) {
        is(state(), failure.getMessage());
        if (failure.kind() != EtcdException.Kind.UNREACHABLE && loop.logLimit().isNew(key, failure.kind())) {
            log.warn("{}: cannot be registered: {}; retrying", name(), failure.getMessage());
        }
    }

    /** It is not wanted any more. */
    void withdrawing() {
        is(State.WITHDRAWN, null);
    }

    /** The key was taken back, or not, for a reason. */
    void withdrawn(@Nullable Throwable failure) {
        if (failure == null) {
            log.info("{}: withdrawn", name());
        } else {
            log.warn("{}: not withdrawn, it ends with its lease: {}", name(), failure.getMessage());
        }
    }

    /** Takes another state, in which the record is not known to be visible unless it was and stays announced. */
    private void is(State state, @Nullable String reason) {
        Facts known = facts;
        long since = known.state() == state ? known.since() : loop.now();
        boolean visible = known.visible() && state == State.REGISTERED;
        facts = new Facts(state, since, reason, visible, known.lag());
    }

    private String name() {
        return LogText.of(key);
    }
}
