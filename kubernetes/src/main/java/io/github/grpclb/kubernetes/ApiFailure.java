package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.LogText;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Why a request came to nothing. Immutable.
 *
 * @param kind what can be done about it
 * @param message for a person: one line, printable, without secrets
 * @param retryAfter how long the API server wants to be left alone; null where it does not say
 */
record ApiFailure(Kind kind, String message, @Nullable Duration retryAfter) {

    private static final int MAX_CAUSES = 8;

    /** What can be done about a failure. */
    enum Kind {
        /** The API server, or the way to it, is down. */
        UNREACHABLE,
        /** No answer came in time. */
        TIMEOUT,
        /** The token is not accepted. Another one may be there in a moment. */
        UNAUTHORIZED,
        /** The service account may not do this. */
        FORBIDDEN,
        /** The API server is older than EndpointSlices. */
        NO_SUCH_API,
        /** The version to go on from is forgotten: the list has to be read again. */
        EXPIRED,
        /** The API server is too busy, or cannot. */
        REFUSED,
        /** The answer is not what an API server answers. */
        MALFORMED,
        /** Something was thrown in this process. */
        INTERNAL
    }

    /** What was thrown is in the log. */
    static final ApiFailure INTERNAL =
            new ApiFailure(Kind.INTERNAL, "the API server's answer could not be processed", null);

    /** Classifies what was thrown instead of an answer. */
    static ApiFailure of(Throwable thrown) {
        Throwable cause =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        Kind kind = cause instanceof HttpConnectTimeoutException ? Kind.TIMEOUT : Kind.UNREACHABLE;
        return new ApiFailure(kind, "Kubernetes' API server is unreachable: " + describe(cause), null);
    }

    /** A request could not be sent, for want of the service account's files. */
    static ApiFailure unsendable(Exception thrown) {
        return new ApiFailure(Kind.UNREACHABLE, "Kubernetes' API server cannot be asked: " + describe(thrown), null);
    }

    /** There was no answer, or no more of it, in time. */
    static ApiFailure timeout(String what, Duration limit) {
        return new ApiFailure(
                Kind.TIMEOUT, "Kubernetes' API server: no " + what + " within " + limit.toMillis() + " ms", null);
    }

    /** Classifies an answer that is an error. */
    static ApiFailure of(ApiError error) {
        Kind kind =
                switch (error.code()) {
                    case 401 -> Kind.UNAUTHORIZED;
                    case 403 -> Kind.FORBIDDEN;
                    case 404 -> Kind.NO_SUCH_API;
                    case 410 -> Kind.EXPIRED;
                    default -> Kind.REFUSED;
                };
        String hint = kind == Kind.NO_SUCH_API
                ? "; EndpointSlices (discovery.k8s.io/v1) are there from Kubernetes 1.21 on"
                : "";
        return new ApiFailure(
                kind,
                "Kubernetes' API server answered " + error.code()
                        + (error.message().isEmpty() ? "" : ": " + LogText.of(error.message())) + hint,
                error.retryAfter());
    }

    /** The answer cannot be read. */
    static ApiFailure malformed(String why) {
        return new ApiFailure(Kind.MALFORMED, "Kubernetes' API server: " + why, null);
    }

    /** Returns the same with more to be said about it. */
    ApiFailure with(String hint) {
        return new ApiFailure(kind, message + hint, retryAfter);
    }

    /** Returns the same, to be tried again as soon as possible. */
    ApiFailure atOnce() {
        return new ApiFailure(kind, message, Duration.ZERO);
    }

    /** Whether trying again soon can only be a burden, until a person has changed something. */
    boolean needsAPerson() {
        return kind == Kind.UNAUTHORIZED || kind == Kind.FORBIDDEN || kind == Kind.NO_SUCH_API;
    }

    /** Whether the API server, or the way to it, is down. */
    boolean isSilence() {
        return kind == Kind.UNREACHABLE || kind == Kind.TIMEOUT;
    }

    /** The JDK's HTTP client says what is wrong in one of the causes, and often not in the first. */
    private static String describe(Throwable thrown) {
        Throwable cause = thrown;
        for (int i = 0; cause != null && i < MAX_CAUSES; i++, cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return "unknown host";
            }
            if (cause.getMessage() != null && !cause.getMessage().isBlank()) {
                String type = cause instanceof ConnectException
                        ? ""
                        : cause.getClass().getSimpleName() + ": ";
                return LogText.of(type + cause.getMessage());
            }
        }
        return thrown instanceof ConnectException
                ? "connection refused"
                : thrown.getClass().getSimpleName();
    }
}
