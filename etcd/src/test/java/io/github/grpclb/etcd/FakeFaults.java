package io.github.grpclb.etcd;

import io.github.grpclb.etcd.FakeEtcd.FakeClient;
import io.github.grpclb.etcd.FakeEtcd.Health;
import io.github.grpclb.etcd.client.EtcdException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** How a {@link FakeEtcd} is: what it refuses and loses, how slow it is, and which requests wait while it is paused. */
final class FakeFaults {

    private final Random random;
    private final List<Runnable> waiting = new ArrayList<>();
    private final Set<FakeClient> tokenless = new HashSet<>();
    private Health health = Health.UP;
    private EtcdException refusal;
    private EtcdException writeRefusal;
    private Duration slowest = FakeEtcd.LATENCY;
    private boolean answersLost;
    private boolean grantsLost;
    private int deaths;

    FakeFaults(Random random) {
        this.random = random;
    }

    static EtcdException unreachable() {
        return new EtcdException(EtcdException.Kind.UNREACHABLE, "etcd unreachable: connection refused");
    }

    Health health() {
        return health;
    }

    /** Changes how etcd is; what waits is lost where it goes down, and arrives with {@link #deliver} where it is up. */
    void health(Health to) {
        health = to;
        if (to == Health.DOWN) {
            deaths++;
            waiting.clear();
        }
    }

    /** Returns how often etcd went down: a connection lasts as long as this does not change. */
    int deaths() {
        return deaths;
    }

    void waitUntilUp(Runnable request) {
        waiting.add(request);
    }

    /** Lets a request lie in the socket's buffer, or get lost. */
    void waitUntilUpOrGetLost(Runnable request) {
        if (random.nextBoolean()) {
            waitUntilUp(request);
        }
    }

    void deliver() {
        List<Runnable> arrived = List.copyOf(waiting);
        waiting.clear();
        arrived.forEach(Runnable::run);
    }

    void refuseWith(EtcdException answer) {
        refusal = answer;
    }

    void expireTokens(Collection<FakeClient> of) {
        tokenless.addAll(of);
    }

    /** Returns why a client's call is refused; null where it is not. */
    EtcdException refusalOfCall(FakeClient client) {
        if (isReachable(client) && tokenless.remove(client)) {
            return new EtcdException(EtcdException.Kind.TOKEN, "etcd: invalid auth token");
        }
        return refusalOfWatch(client);
    }

    /** Returns why a client's watch is refused; null where it is not. */
    EtcdException refusalOfWatch(FakeClient client) {
        return isReachable(client) ? refusal : unreachable();
    }

    private boolean isReachable(FakeClient client) {
        return health != Health.DOWN && !client.isCut();
    }

    void noSpace(boolean full) {
        writeRefusal = full
                ? new EtcdException(
                        EtcdException.Kind.NO_SPACE, "etcd has no space (alarm NOSPACE): mvcc: database space exceeded")
                : null;
    }

    /** Throws what a grant or a put is refused with where there is no space. */
    void mustHaveSpace() {
        if (writeRefusal != null) {
            throw writeRefusal;
        }
    }

    void loseAnswers(boolean lost) {
        answersLost = lost;
    }

    void loseGrants(boolean lost) {
        grantsLost = lost;
    }

    /** Returns a granted lease as its client hears of it: null where it does not. */
    <T> T heardOf(T granted) {
        return grantsLost ? null : granted;
    }

    boolean losesAnswer(Object result) {
        return answersLost || result == null && grantsLost;
    }

    void slow(Duration most) {
        slowest = most;
    }

    boolean isSlow() {
        return slowest.compareTo(FakeEtcd.LATENCY) > 0;
    }

    /** Returns the nanoseconds that the next request or answer takes. */
    long delay() {
        long least = FakeEtcd.LATENCY.toNanos();
        return isSlow() ? random.nextLong(least, slowest.toNanos()) : least;
    }
}
