package io.github.grpclb.discovery;

/**
 * Hears of a service's endpoints. Calls come one at a time, in order, and possibly on a thread that the source needs for its own
 * work: an implementation hands over and returns, it neither blocks nor runs foreign code. What it throws is logged, and a moment later
 * it is told again what is known.
 */
public interface EndpointListener {

    /** A whole new list; also called right after subscribing when a list is known. */
    void onEndpoints(EndpointSnapshot snapshot);

    /**
     * No list is known yet, and why. Called only before the first {@link #onEndpoints}; once a list is known it stands, however
     * long the registry is away.
     *
     * @param reason for a person to read, without secrets, such as {@code etcd unreachable: connection refused}
     */
    void onUnavailable(String reason);

    /**
     * An endpoint that is in no list any more, or will not be in the next, was deregistered on purpose, by its server or by a person,
     * rather than lost. A source calls this as far as it can tell, and possibly some time after that list.
     *
     * @param endpoint as it was last registered: of that key and that create revision
     */
    default void onDeregistered(Endpoint endpoint) {}

    /**
     * Which records of the service the registry has and its lists go without, and why; told where that changed, before the list that it
     * goes with, and possibly again. At first all are taken to be used.
     */
    default void onUnused(UnusedRecords unused) {}

    /**
     * The registry stopped answering, or answers again. While it does not, the last list stands and says nothing about who has come
     * or gone since. Told only where it changed, and only once a list is known; at first the registry is taken to answer.
     */
    default void onReachable(boolean reachable) {}
}
