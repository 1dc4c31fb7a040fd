package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Internal;

/** One service as it is followed at the registry, which tells an {@link EndpointPublisher} what comes. For the loop's thread. */
@Internal
public interface Feed {

    /** Begins; called once. */
    void start();

    /** Hears that the list looks stale. Called often: it is to cost nothing where there is nothing to be done. */
    void refresh();

    /** Ends it. Called once. */
    void close();

    /** Makes feeds. */
    interface Factory {

        /** Returns what follows a service and tells the publisher; not started. */
        Feed feed(String service, EndpointPublisher publisher);
    }
}
