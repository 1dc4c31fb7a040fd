package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where the last good lists outlive the process. Thread-safe; nothing throws, and nothing but the end blocks. */
@Internal
public interface LastLists extends AutoCloseable {

    /** Keeps and knows nothing. */
    LastLists NONE = new LastLists() {
        @Override
        public void keep(String service, List<Endpoint> live) {}

        @Override
        public void recall(String service, Consumer<@Nullable SavedList> found) {
            found.accept(null);
        }

        @Override
        public void close() {}
    };

    /** Takes a list that etcd gave or has just confirmed. */
    void keep(String service, List<Endpoint> live);

    /** Looks for a list that is good enough to start with; calls back once, on any thread, with null when there is none. */
    void recall(String service, Consumer<@Nullable SavedList> found);

    /** Ends it; what is still to be kept is kept before. Takes up to 2 s. Idempotent. */
    @Override
    void close();
}
