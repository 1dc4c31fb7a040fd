package io.github.grpclb.etcd.client;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthenticateRequest;
import io.grpc.CallCredentials;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The token that etcd gives for user and password. Fetched when it is first needed and again after {@link #isOutdatedBy}; one
 * request at a time, whose answer all waiting calls share. A refusal is remembered for a while, as each attempt costs
 * etcd a bcrypt. An etcd whose authentication is off gets calls without a token, so that it can be switched on and off under a
 * fleet that has credentials; once it is on, it refuses such a call, and a token is fetched. Thread-safe.
 */
final class EtcdToken extends CallCredentials {

    private static final Logger log = LoggerFactory.getLogger(EtcdToken.class);
    private static final Metadata.Key<String> TOKEN = Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);
    private static final Duration REFUSAL_STANDS = Duration.ofSeconds(30);

    private final Channel channel;
    private final AuthenticateRequest request;
    private final Duration timeout;
    private final EtcdLoop loop;

    private final List<MetadataApplier> waiting = new ArrayList<>();
    private @Nullable Metadata token;
    private @Nullable Status refusal;
    private long refusedAt;

    EtcdToken(Channel channel, String username, String password, Duration timeout, EtcdLoop loop) {
        this.channel = channel;
        this.request = AuthenticateRequest.newBuilder()
                .setNameBytes(ByteString.copyFromUtf8(username))
                .setPasswordBytes(ByteString.copyFromUtf8(password))
                .build();
        this.timeout = timeout;
        this.loop = loop;
    }

    /** Says whether a failure means that another token, or one at all, may help; if so the one that is known is dropped. */
    synchronized boolean isOutdatedBy(EtcdException failure) {
        boolean outdated = failure.kind() == EtcdException.Kind.TOKEN
                || failure.kind() == EtcdException.Kind.AUTHENTICATION
                        && token != null
                        && token.keys().isEmpty();
        if (outdated) {
            token = null;
        }
        return outdated;
    }

    @Override
    public void applyRequestMetadata(RequestInfo info, Executor executor, MetadataApplier applier) {
        Metadata known;
        Status refused;
        synchronized (this) {
            known = token;
            refused = refusal != null && loop.since(refusedAt).compareTo(REFUSAL_STANDS) < 0 ? refusal : null;
            if (known == null && refused == null) {
                waiting.add(applier);
                if (waiting.size() > 1) {
                    return;
                }
            }
        }
        if (known != null) {
            applier.apply(known);
        } else if (refused != null) {
            applier.fail(refused);
        } else {
            authenticate();
        }
    }

    private void authenticate() {
        CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
        loop.when(
                () -> SingleRequest.send(
                        request, channel.newCall(AuthGrpc.getAuthenticateMethod(), options), MethodType.UNARY),
                response -> {
                    Metadata headers = new Metadata();
                    headers.put(TOKEN, response.getToken());
                    succeeded(headers);
                },
                failure -> {
                    if (failure.kind() == EtcdException.Kind.NO_AUTHENTICATION) {
                        withoutToken();
                    } else {
                        failed(failure);
                    }
                });
    }

    private void withoutToken() {
        if (loop.logLimit().isNew(EtcdToken.class, "authentication is off")) {
            log.warn(
                    "etcd has no authentication switched on: user and password are configured, and not used until it has");
        }
        succeeded(new Metadata());
    }

    private void succeeded(Metadata headers) {
        List<MetadataApplier> appliers;
        synchronized (this) {
            token = headers;
            refusal = null;
            appliers = takeWaiting();
        }
        tell(appliers, applier -> applier.apply(headers));
    }

    private void failed(EtcdException failure) {
        Status status = Status.fromThrowable(failure);
        // gRPC accepts few codes from credentials and rewrites the others
        Status told = failure.needsAPerson()
                ? Status.UNAUTHENTICATED.withDescription(status.getDescription())
                : Status.UNAVAILABLE.withDescription(status.getDescription()).withCause(status.getCause());
        List<MetadataApplier> appliers;
        synchronized (this) {
            if (failure.needsAPerson()) {
                refusal = told;
                refusedAt = loop.now();
            }
            appliers = takeWaiting();
        }
        tell(appliers, applier -> applier.fail(told));
    }

    /** One call that goes wrong lets the others go on. */
    private void tell(List<MetadataApplier> appliers, Consumer<MetadataApplier> what) {
        appliers.forEach(applier -> loop.guard(() -> what.accept(applier)));
    }

    private List<MetadataApplier> takeWaiting() {
        List<MetadataApplier> appliers = List.copyOf(waiting);
        waiting.clear();
        return appliers;
    }
}
