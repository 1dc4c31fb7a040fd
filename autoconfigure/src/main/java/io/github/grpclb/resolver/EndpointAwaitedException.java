package io.github.grpclb.resolver;

/**
 * The cause of the error that takes {@link NoEndpointException} back for a while: a first endpoint is waited for again, and calls are
 * to wait with it. Has no stack trace.
 */
public final class EndpointAwaitedException extends RuntimeException {

    EndpointAwaitedException(String message) {
        super(message, null, false, false);
    }
}
