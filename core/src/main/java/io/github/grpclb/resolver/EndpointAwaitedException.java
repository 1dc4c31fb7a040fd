package io.github.grpclb.resolver;

/**
 * The cause of the error that takes {@link NoEndpointException} back for a while: a first endpoint is waited for again, and calls are
 * to wait with it. Has no stack trace.
 */
public final class EndpointAwaitedException extends RuntimeException {

    private final boolean none;

    /**
     * Creates it.
     *
     * @param none whether no endpoint is registered
     */
    public EndpointAwaitedException(String message, boolean none) {
        super(message, null, false, false);
        this.none = none;
    }

    /** Returns whether no endpoint is registered; else those that are known may have been restarted, and their list comes again. */
    public boolean isOfNone() {
        return none;
    }
}
