package io.github.grpclb.balancer.connection;

import io.grpc.Status;
import java.security.cert.CertificateException;
import org.jspecify.annotations.Nullable;

/**
 * Says why a connection failed. gRPC says no more than {@code io exception} where the two ends do not agree on TLS, or a certificate is
 * refused; the reason, and which setting decides, stands in the causes. The properties named are those of net.devh's starter.
 */
final class ConnectionFailure {

    /** By its name: with grpc-netty-shaded it is another class. */
    private static final String NOT_TLS = "NotSslRecordException";

    /** What grpc-netty says where the server closes before HTTP/2 began, as one does that is not spoken TLS to. */
    private static final String CLOSED_EARLY = "Network closed for unknown reason";

    private static final String PERHAPS_TLS =
            " (perhaps the server speaks TLS and the client does not: see grpc.client.<name>.negotiation-type)";

    /** How everything begins that gRPC's client of the health service says (grpc-services 1.84). */
    private static final String HEALTH = "Health-check ";

    private static final int MOST_CAUSES = 16;

    private ConnectionFailure() {}

    /** Returns the status's description, with what to do about it where that is known. */
    static @Nullable String describe(Status status) {
        String description = status.getDescription();
        Throwable cause = status.getCause();
        for (int i = 0; cause != null && i < MOST_CAUSES; i++, cause = cause.getCause()) {
            String reason = explain(cause);
            if (reason != null) {
                return description + " (" + reason + ")";
            }
        }
        return CLOSED_EARLY.equals(description) ? description + PERHAPS_TLS : description;
    }

    /** Returns what to tell a person; never empty. */
    static String reason(Status status) {
        return status.getDescription() == null ? status.getCode().name() : String.valueOf(describe(status));
    }

    /** Says whether it is the server's health service that stands in the way: gRPC says so by the text alone. */
    static boolean isOfHealth(Status status) {
        String description = status.getDescription();
        return description != null && description.startsWith(HEALTH);
    }

    private static @Nullable String explain(Throwable cause) {
        if (cause.getClass().getSimpleName().equals(NOT_TLS)) {
            return "the client speaks TLS and the server does not: set grpc.client.<name>.negotiation-type=plaintext, or give the"
                    + " server a certificate";
        }
        if (cause instanceof CertificateException) {
            return "the server's certificate is refused: " + deepest(cause).getMessage()
                    + "; the name that a certificate must hold is the service's, or grpc.client.<name>.security.authority-override";
        }
        return null;
    }

    private static Throwable deepest(Throwable from) {
        Throwable last = from;
        for (int i = 0; i < MOST_CAUSES && last.getCause() != null; i++) {
            last = last.getCause();
        }
        return last;
    }
}
