package io.github.grpclb.etcd.client;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Why a call of etcd failed. The message is one line for a person, with the real cause and without secrets. */
@Internal
public final class EtcdException extends RuntimeException {

    private static final long serialVersionUID = 1;
    private static final int MAX_CAUSES = 8;

    static final String WANTS_HTTP = "; does it want http?";

    /** What is seen of a port that does not speak TLS. */
    private static final Pattern NO_TLS =
            Pattern.compile("closed while performing TLS negotiation|not an SSL/TLS record");

    /** How Netty's native transport begins what the operating system says. */
    private static final Pattern NATIVE_CALL = Pattern.compile("\\w+\\(\\.\\.\\) failed(?: with error\\(-?\\d+\\))?: ");

    /** What gRPC says of a message beyond the limit of one who receives or sends it, in Java and in Go. */
    private static final Pattern TOO_LARGE = Pattern.compile("exceeds maximum size|larger than max");

    /** What can be done about a failure. */
    public enum Kind {
        /** No answer: etcd, or the way to it, is down. */
        UNREACHABLE,
        /** User, password or certificate are not accepted, or none were given and some are wanted. */
        AUTHENTICATION,
        /** The user may not do this. */
        PERMISSION,
        /** etcd has no authentication switched on, and so gives no token. */
        NO_AUTHENTICATION,
        /** The token has run out; another one is fetched at the next call. */
        TOKEN,
        /** A member that only learns takes no such call; the others do. */
        LEARNER,
        /** etcd does not have the lease. */
        LEASE_GONE,
        /** The revision has been compacted away. */
        COMPACTED,
        /** etcd's quota is used up: it reads and deletes, but takes nothing new until a person has made room. */
        NO_SPACE,
        /** The answer is more than one message can hold. */
        TOO_LARGE,
        /** The server ended a stream in order. */
        COMPLETED,
        /** etcd answered that it cannot. */
        REFUSED,
        /** Something was thrown in this process: for want of memory or threads, or by mistake. */
        INTERNAL
    }

    private final Kind kind;

    public EtcdException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public EtcdException(Kind kind, String message) {
        this(kind, message, null);
    }

    public Kind kind() {
        return kind;
    }

    /** Whether trying again soon can only burden etcd, until a person has changed something. */
    public boolean needsAPerson() {
        return kind == Kind.AUTHENTICATION || kind == Kind.PERMISSION;
    }

    /** Whether etcd answered, if only with a refusal. */
    boolean isAnswer() {
        return kind != Kind.UNREACHABLE && kind != Kind.INTERNAL;
    }

    /** Whether nothing is known but that the answer did not come in time. */
    public boolean isTimeout() {
        Throwable cause = getCause();
        return cause != null && Status.fromThrowable(cause).getCode() == Status.Code.DEADLINE_EXCEEDED;
    }

    /** Classifies what a call failed with. */
    public static EtcdException of(Throwable failure) {
        if (failure instanceof EtcdException known) {
            return known;
        }
        if (failure instanceof CompletionException && failure.getCause() != null) {
            return of(failure.getCause());
        }
        if (!hasStatus(failure)) {
            return new EtcdException(
                    Kind.INTERNAL, "failed in this process: " + LogText.of(failure.toString()), failure);
        }
        Status status = Status.fromThrowable(failure);
        Kind kind = kindOf(status);
        String prefix =
                switch (kind) {
                    case UNREACHABLE -> "etcd unreachable: ";
                    case AUTHENTICATION -> "etcd refuses the credentials: ";
                    case PERMISSION -> "etcd denies the access: ";
                    case NO_SPACE -> "etcd has no space (alarm NOSPACE): ";
                    default -> "etcd: ";
                };
        return new EtcdException(kind, prefix + describe(status), failure);
    }

    private static boolean hasStatus(Throwable failure) {
        Throwable cause = failure;
        for (int i = 0; cause != null && i < MAX_CAUSES; i++, cause = cause.getCause()) {
            if (cause instanceof StatusException || cause instanceof StatusRuntimeException) {
                return true;
            }
        }
        return false;
    }

    private static Kind kindOf(Status status) {
        String text = String.valueOf(status.getDescription());
        if (text.contains("invalid auth token") || text.contains("revision of auth store is old")) {
            return Kind.TOKEN;
        }
        if (text.contains("authentication is not enabled")) {
            return Kind.NO_AUTHENTICATION;
        }
        if (text.contains("authentication failed") || text.contains("user name is empty")) {
            return Kind.AUTHENTICATION;
        }
        if (text.contains("rpc not supported for learner")) {
            return Kind.LEARNER;
        }
        if (text.contains("permission denied")) {
            return Kind.PERMISSION;
        }
        if (text.contains("requested lease not found")) {
            return Kind.LEASE_GONE;
        }
        if (text.contains("database space exceeded")) {
            return Kind.NO_SPACE;
        }
        if (text.contains("has been compacted")) {
            return Kind.COMPACTED;
        }
        return switch (status.getCode()) {
            // the last is said by what is no etcd, such as a proxy without a route to one (HTTP 404)
            case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, INTERNAL, UNKNOWN, UNIMPLEMENTED -> Kind.UNREACHABLE;
            case UNAUTHENTICATED -> Kind.AUTHENTICATION;
            case PERMISSION_DENIED -> Kind.PERMISSION;
            // etcd answers with this code also when there are too many requests
            case RESOURCE_EXHAUSTED -> TOO_LARGE.matcher(text).find() ? Kind.TOO_LARGE : Kind.REFUSED;
            default -> Kind.REFUSED;
        };
    }

    private static String describe(Status status) {
        if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
            return "no answer in time";
        }
        // the first line: gRPC appends its pipeline; and the causes, where gRPC says no more than "io exception"
        String text = status.getDescription() != null
                ? status.getDescription()
                : status.getCode().name();
        text = text.lines().findFirst().orElse(text);
        Throwable cause = status.getCause();
        for (int i = 0; cause != null && i < MAX_CAUSES; i++, cause = cause.getCause()) {
            String more = cause.getMessage() != null
                    ? cause.getMessage()
                    : cause.getClass().getSimpleName();
            if (!text.contains(more) && !(cause instanceof ClosedChannelException)) {
                text = text.equals("io exception") ? more : text + ": " + more;
            }
        }
        text = NATIVE_CALL.matcher(text).replaceAll("");
        return LogText.of(text) + (NO_TLS.matcher(text).find() ? WANTS_HTTP : "");
    }
}
