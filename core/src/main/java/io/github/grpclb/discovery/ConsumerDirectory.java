package io.github.grpclb.discovery;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Who calls which service, over all processes that say so. Each question is answered by the registry itself: it is for people and for who
 * asks seldom. Thread-safe.
 */
public interface ConsumerDirectory {

    /** How many consumers are told of at most. */
    int MOST_CONSUMERS = 10_000;

    /**
     * Asks.
     *
     * @param service whose consumers; null for those of all services
     * @return completes within seconds with who is there now; exceptionally where the registry does not answer, or does not allow it, with
     *     a message that says why
     * @throws IllegalValueException if the name cannot be a service's name
     */
    CompletableFuture<Consumers> consumers(@Nullable String service);

    /**
     * Who is there.
     *
     * @param revision the registry's revision at which it was read; 0 when it has none
     * @param consumers in the order of the registry, which is that of the services' names
     * @param unreadable how many records could not be read
     * @param complete whether these are all; else there are more than are read at once
     */
    record Consumers(long revision, List<Consumer> consumers, int unreadable, boolean complete) {

        public Consumers {
            consumers = List.copyOf(consumers);
        }
    }
}
