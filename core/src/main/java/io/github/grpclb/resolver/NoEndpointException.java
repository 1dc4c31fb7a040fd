package io.github.grpclb.resolver;

/**
 * The cause of the status that calls end with when the registry lists no endpoint of a service and none that it once listed is kept
 * any longer. It tells this verdict from an error that may pass, over which a balancer keeps its servers. Has no stack trace.
 */
public final class NoEndpointException extends RuntimeException {

    NoEndpointException(String message) {
        super(message, null, false, false);
    }
}
