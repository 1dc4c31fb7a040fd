package io.github.grpclb.test;

import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Calls until those answer who are to. */
final class AwaitedAnswers {

    private static final int CALLS_PER_SERVER = 10;
    private static final Duration PAUSE = Duration.ofMillis(20);

    private AwaitedAnswers() {}

    static void await(Supplier<String> call, Set<String> servers, Duration limit) {
        if (servers.isEmpty()) {
            throw new IllegalValueException("servers", servers, "one at least");
        }
        long end = System.nanoTime() + limit.toNanos();
        Set<String> answered = new TreeSet<>();
        RuntimeException failure;
        do {
            answered.clear();
            failure = round(call, servers, answered);
            if (failure == null && answered.equals(servers)) {
                return;
            }
            pause();
        } while (System.nanoTime() - end < 0);
        throw new AssertionError(
                String.format(
                        "within %d s: answers from %s%s (expected: from %s)",
                        limit.toSeconds(), answered, failure == null ? "" : ", and " + failure, new TreeSet<>(servers)),
                failure);
    }

    /** Returns what a call failed with, if one did. */
    private static @Nullable RuntimeException round(Supplier<String> call, Set<String> servers, Set<String> answered) {
        try {
            for (int i = 0; i < servers.size() * CALLS_PER_SERVER; i++) {
                answered.add(call.get());
            }
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for answers", e);
        }
    }
}
