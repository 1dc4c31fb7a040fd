package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where the last good lists outlive the process. Thread-safe; nothing throws, and nothing but the end blocks.
 *
 * @param <R> what a list is as the registry holds it
 */
@Internal
public interface LastLists<R> extends AutoCloseable {

    /** Returns one that keeps and knows nothing. */
    static <R> LastLists<R> none() {
        return new LastLists<>() {
            @Override
            public void keep(String service, List<Endpoint> live) {}

            @Override
            public void recall(String service, Consumer<@Nullable SavedList<R>> found) {
                found.accept(null);
            }

            @Override
            public void close() {}
        };
    }

    /** Takes a list that the registry gave or has just confirmed. */
    void keep(String service, List<Endpoint> live);

    /** Looks for a list that is good enough to start with; calls back once, on any thread, with null when there is none. */
    void recall(String service, Consumer<@Nullable SavedList<R>> found);

    /** Ends it; what is still to be kept is kept before. Takes up to 2 s. Idempotent. */
    @Override
    void close();
}
