package io.github.grpclb.etcd.client;

import io.github.grpclb.discovery.LogText;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What etcd refuses to this user at present. A refusal stands until the same thing is allowed, or has not been tried for
 * two minutes. For the loop's thread, but {@link #because}.
 */
final class Refusals {

    private static final Duration STANDS = Duration.ofMinutes(2);

    private record Refusal(String because, long at) {}

    private final EtcdLoop loop;
    private final Map<String, Refusal> refusals = new ConcurrentHashMap<>();

    Refusals(EtcdLoop loop) {
        this.loop = loop;
    }

    /** Returns one of the refusals, or null where there is none. Thread-safe. */
    @Nullable
    String because() {
        return refusals.values().stream()
                .filter(this::stands)
                .map(Refusal::because)
                .sorted()
                .findFirst()
                .orElse(null);
    }

    /** Notes a failure if it is a refusal; returns it with what was refused. */
    EtcdException noted(@Nullable String what, EtcdException failure) {
        if (what == null || !failure.needsAPerson()) {
            return failure;
        }
        EtcdException told =
                new EtcdException(failure.kind(), failure.getMessage() + " (" + LogText.of(what) + ")", failure);
        refusals.values().removeIf(refusal -> !stands(refusal));
        refusals.put(what, new Refusal(String.valueOf(told.getMessage()), loop.now()));
        return told;
    }

    void lifted(@Nullable String what) {
        if (what != null) {
            refusals.remove(what);
        }
    }

    private boolean stands(Refusal refusal) {
        return loop.since(refusal.at()).compareTo(STANDS) < 0;
    }
}
