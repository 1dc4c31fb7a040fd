package io.github.grpclb.discovery;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * How a server is announced. Whatever the registry loses (the lease, the key, its value, everything) is put back for as long as
 * the registration is open. Thread-safe.
 */
public interface EndpointRegistrar extends AutoCloseable {

    /**
     * Announces an endpoint and keeps it announced. Returns at once, also when the registry is away.
     *
     * @param endpoint what to announce; its {@code key} and {@code createRevision} are ignored
     * @throws IllegalStateException if this registrar is closed
     */
    Registration register(Endpoint endpoint);

    /**
     * Returns where the registry is, for whoever looks for the network that leads there: names, and IP literals without brackets. Empty
     * where that means nothing.
     */
    default List<String> hosts() {
        return List.of();
    }

    /** Withdraws all that is registered, within a bounded time. Idempotent. */
    @Override
    void close();

    /**
     * One announced endpoint. Thread-safe; no method blocks. The futures complete on the thread that renews the registrations: what
     * may block, such as waiting for another of them, belongs on another one ({@code thenRunAsync}).
     */
    interface Registration {

        /** Where a registration stands. */
        enum State {
            /** Not announced yet, or lost and being put back. */
            PENDING, // -> REGISTERED, CONFLICT, WITHDRAWN
            /** The registry holds it under our lease. */
            REGISTERED, // -> PENDING, CONFLICT, WITHDRAWN
            /** Another live process holds the same key; ours takes its place when that one is gone. */
            CONFLICT, // -> REGISTERED, WITHDRAWN
            /** Taken back for good. */
            WITHDRAWN
        }

        /**
         * How a registration is getting on.
         *
         * @param state where it stands
         * @param forTime how long it has stood there
         * @param reason why it is not registered, or why it cannot be looked at: one line, printable; null where there is
         *     nothing to say
         * @param visible whether what is announced was read back from the registry as it was written
         * @param lag the time from the last write of the record until it was read back; null before that was seen
         */
        record Status(
                State state,
                Duration forTime,
                @Nullable String reason,
                boolean visible,
                @Nullable Duration lag) {}

        State state();

        /** Returns how it is getting on. */
        Status status();

        /** Returns what is, or is to be, announced. */
        Endpoint endpoint();

        /** Completes when the endpoint is announced for the first time; cancelled when it is withdrawn before. */
        CompletableFuture<Void> registered();

        /**
         * Announces other values for the same server, such as {@link Endpoint.State#DRAINING} or a new weight.
         *
         * @param endpoint of the same service and address
         * @return completes when the registry has it
         * @throws IllegalArgumentException if it is of another service or address
         */
        CompletableFuture<Void> update(Endpoint endpoint);

        /**
         * Asks the registry whether it lists another endpoint of the service: one that could take this one's calls over.
         *
         * @return completes with whether it does; true, too, where that cannot be told
         */
        default CompletableFuture<Boolean> hasOthers() {
            return CompletableFuture.completedFuture(true);
        }

        /**
         * Takes the endpoint back: deletes the key if it is still ours, then ends the lease. Idempotent.
         *
         * @return completes when that is done; exceptionally when the registry did not answer in time, in which case the lease
         *     runs out by itself
         */
        CompletableFuture<Void> withdraw();
    }
}
