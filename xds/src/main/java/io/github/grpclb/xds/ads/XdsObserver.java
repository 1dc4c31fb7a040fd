package io.github.grpclb.xds.ads;

import io.github.grpclb.xds.load.ClusterLoad;
import io.github.grpclb.xds.resource.ResourceType;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Hears of what goes on between a control plane and its clients, for metrics. Called on any thread: count and return. */
public interface XdsObserver {

    /** Hears nothing. */
    XdsObserver NONE = new XdsObserver() {};

    /** A client opened a stream, of discovery or of load reports. */
    default void opened() {}

    /** A stream ended. */
    default void closed() {}

    /** A response was sent. */
    default void sent(ResourceType type) {}

    /**
     * A client accepted a response.
     *
     * @param sinceChange the time from the first of the changes that it told of; null where it told of none, but answered a question
     */
    default void accepted(ResourceType type, @Nullable Duration sinceChange) {}

    /**
     * A client rejected a response, and goes on with what it had.
     *
     * @param node the client's id, as it gives it; may be empty
     * @param reason in the client's words, one line
     */
    default void rejected(ResourceType type, String node, String reason) {}

    /**
     * A client reported the calls that it made to servers of a cluster since its last report, or since it began. Services, parts, zones
     * and addresses are those that the registry knows, or knew lately; the names of metrics are whatever servers, or a client that
     * means no good, call them: take those alone as tags that you know.
     */
    default void reported(ClusterLoad load) {}

    /**
     * A client reported calls to clusters that no client asks for, or that never had a server; nothing is kept of them.
     *
     * @param clusters how many
     */
    default void reportedUnknown(int clusters) {}
}
