package io.github.grpclb.etcd;

import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.Status;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a registration tells of itself. Changed on the loop's thread, read on any. */
final class RegistrationStatus {

    private record Facts(
            State state,
            long since,
            @Nullable String reason,
            boolean visible,
            @Nullable Duration lag) {}

    private final EtcdLoop loop;
    private volatile Facts facts;

    RegistrationStatus(EtcdLoop loop) {
        this.loop = loop;
        this.facts = new Facts(State.PENDING, loop.now(), "etcd has not answered yet", false, null);
    }

    State state() {
        return facts.state();
    }

    Status now() {
        Facts known = facts;
        return new Status(known.state(), loop.since(known.since()), known.reason(), known.visible(), known.lag());
    }

    /** Takes another state, in which the record is not known to be visible unless it was and stays announced. */
    void is(State state, @Nullable String reason) {
        Facts known = facts;
        long since = known.state() == state ? known.since() : loop.now();
        boolean visible = known.visible() && state == State.REGISTERED;
        facts = new Facts(state, since, reason, visible, known.lag());
    }

    /** Notes what went wrong, in whatever state. */
    void troubledBy(@Nullable String reason) {
        is(facts.state(), reason);
    }

    /** Something was written that nobody has read yet. */
    void unseen() {
        Facts known = facts;
        facts = new Facts(known.state(), known.since(), known.reason(), false, known.lag());
    }

    /** What is announced was read, so long after it was written; null where that was seen before. */
    void seen(@Nullable Duration lag) {
        Facts known = facts;
        facts = new Facts(known.state(), known.since(), known.reason(), true, lag != null ? lag : known.lag());
    }
}
