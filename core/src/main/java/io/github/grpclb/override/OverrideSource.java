package io.github.grpclb.override;

import java.util.List;
import java.util.function.Consumer;

/**
 * How overrides arrive. Delivers whole lists and never gives up: while the registry is away the last list stands. An override that has
 * ended is in no list once the registry has said so; whoever is told looks at {@link Override#until()}, too. Thread-safe.
 */
public interface OverrideSource extends AutoCloseable {

    /** There are none, and never will be. */
    OverrideSource NONE = new OverrideSource() {
        @java.lang.Override
        public Subscription subscribe(String service, Consumer<List<Override>> listener) {
            listener.accept(List.of());
            return () -> {};
        }

        @java.lang.Override
        public void close() {}
    };

    /**
     * Follows the overrides of a service. Returns at once.
     *
     * @param service the service's name
     * @param listener hears of all of them, in order of their names: right away if they are known, and whenever they change. Calls come
     *     one at a time; it neither blocks nor throws
     */
    Subscription subscribe(String service, Consumer<List<Override>> listener);

    /** Stops following. Idempotent. */
    @java.lang.Override
    void close();

    /** A listener's hold on a service's overrides. Thread-safe. */
    @FunctionalInterface
    interface Subscription extends AutoCloseable {

        /** Ends it. Idempotent. */
        @java.lang.Override
        void close();
    }
}
