package io.github.grpclb.etcd.client;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.LeaseTimeToLiveRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.etcd.jetcd.api.WatchGrpc;
import io.github.grpclb.etcd.record.KeyValue;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * etcd's v3 API over a gRPC channel, with jetcd's generated messages and its resolver of several endpoints. jetcd's own
 * {@code Client} is not in between: it retries, resumes, logs and hides the cause by itself, where the loops here must
 * decide.
 *
 * <p>Calls do not wait for a connection: they fail with the cause of its absence.
 */
final class JetcdClient implements EtcdClient {

    /** What a slow network carries within a call's timeout; a page of a list that is larger is read in parts. */
    private static final int MAX_INBOUND_BYTES = 16 * 1024 * 1024;

    /** How many a call may meet; etcd allows a cluster one, other calls take turns at the members meanwhile. */
    private static final int LEARNERS = 3;

    private static final Duration KEEPALIVE_TIME = Duration.ofSeconds(10);
    private static final Duration KEEPALIVE_TIMEOUT = Duration.ofSeconds(5);

    private final ManagedChannel channel;
    private final Duration timeout;
    private final CallOptions callOptions;
    private final @Nullable EtcdToken token;
    private final WatchStreams watches;

    /**
     * Creates a client that has not dialled yet.
     *
     * @param loop on whose thread everything arrives
     */
    JetcdClient(EtcdOptions options, EtcdLoop loop) {
        this.channel = EtcdTransport.builder(target(options), options.tls())
                // not the loop's executor itself: a channel outlives it by a moment, and would panic where it is
                // refused
                .executor(loop::execute)
                .defaultLoadBalancingPolicy("round_robin")
                .disableServiceConfigLookUp()
                .maxInboundMessageSize(MAX_INBOUND_BYTES)
                .keepAliveTime(KEEPALIVE_TIME.toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(KEEPALIVE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                .build();
        this.timeout = options.callTimeout();
        String username = options.username();
        String password = options.password();
        this.token =
                username == null || password == null ? null : new EtcdToken(channel, username, password, timeout, loop);
        this.callOptions = CallOptions.DEFAULT.withCallCredentials(token);
        this.watches =
                new WatchStreams(() -> channel.newCall(WatchGrpc.getWatchMethod(), callOptions), this::isOutdatedToken);
    }

    /** jetcd's form for several addresses; the brackets of IPv6 literals are no legal characters of a path. */
    private static String target(EtcdOptions options) {
        return options.addresses().stream()
                .map(address -> address.replace("[", "%5B").replace("]", "%5D"))
                .collect(Collectors.joining(",", "ip:///", ""));
    }

    @Override
    public CompletableFuture<Lease> grant(Duration ttl) {
        LeaseGrantRequest request =
                LeaseGrantRequest.newBuilder().setTTL(ttl.toSeconds()).build();
        return call(
                LeaseGrpc.getLeaseGrantMethod(),
                request,
                timeout,
                response -> new Lease(response.getID(), Duration.ofSeconds(response.getTTL())));
    }

    @Override
    public CompletableFuture<Lease> renew(long lease, Duration limit) {
        LeaseKeepAliveRequest request =
                LeaseKeepAliveRequest.newBuilder().setID(lease).build();
        return call(LeaseGrpc.getLeaseKeepAliveMethod(), request, limit, response -> {
            if (response.getTTL() <= 0) {
                throw new EtcdException(EtcdException.Kind.LEASE_GONE, "etcd: requested lease not found");
            }
            return new Lease(lease, Duration.ofSeconds(response.getTTL()));
        });
    }

    @Override
    public CompletableFuture<Void> revoke(long lease) {
        LeaseRevokeRequest request =
                LeaseRevokeRequest.newBuilder().setID(lease).build();
        return call(LeaseGrpc.getLeaseRevokeMethod(), request, timeout, response -> response)
                .thenAccept(response -> {});
    }

    @Override
    public CompletableFuture<TimeToLive> timeToLive(long lease) {
        LeaseTimeToLiveRequest request =
                LeaseTimeToLiveRequest.newBuilder().setID(lease).build();
        return call(
                LeaseGrpc.getLeaseTimeToLiveMethod(),
                request,
                timeout,
                response -> new TimeToLive(
                        Duration.ofSeconds(response.getTTL()), Duration.ofSeconds(response.getGrantedTTL())));
    }

    @Override
    public CompletableFuture<List<String>> keysOf(long lease) {
        LeaseTimeToLiveRequest request =
                LeaseTimeToLiveRequest.newBuilder().setID(lease).setKeys(true).build();
        return call(LeaseGrpc.getLeaseTimeToLiveMethod(), request, timeout, response -> response.getKeysList().stream()
                .map(ByteString::toStringUtf8)
                .toList());
    }

    @Override
    public CompletableFuture<@Nullable KeyValue> get(String key) {
        RangeRequest request =
                RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build();
        return call(
                KVGrpc.getRangeMethod(),
                request,
                timeout,
                response -> response.getKvsCount() == 0 ? null : Wire.record(response.getKvs(0)));
    }

    @Override
    public CompletableFuture<Boolean> putIfUnchanged(String key, long modRevision, ByteString value, long lease) {
        return ifUnchanged(key, modRevision, put(key, value, lease));
    }

    @Override
    public CompletableFuture<Long> putIfNoneNewer(
            String key, ByteString value, long lease, String prefix, long revision) {
        TxnRequest request = TxnRequest.newBuilder()
                .addCompare(Compare.newBuilder()
                        .setKey(ByteString.copyFromUtf8(prefix))
                        .setRangeEnd(Wire.prefixEnd(prefix))
                        .setTarget(Compare.CompareTarget.MOD)
                        .setResult(Compare.CompareResult.LESS)
                        .setModRevision(revision + 1))
                .addSuccess(put(key, value, lease))
                .build();
        return call(
                KVGrpc.getTxnMethod(),
                request,
                timeout,
                response -> response.getSucceeded() ? response.getHeader().getRevision() : 0);
    }

    private static RequestOp put(String key, ByteString value, long lease) {
        return RequestOp.newBuilder()
                .setRequestPut(PutRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8(key))
                        .setValue(value)
                        .setLease(lease))
                .build();
    }

    @Override
    public CompletableFuture<Boolean> deleteIfUnchanged(String key, long modRevision) {
        RequestOp delete = RequestOp.newBuilder()
                .setRequestDeleteRange(DeleteRangeRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)))
                .build();
        return ifUnchanged(key, modRevision, delete);
    }

    private CompletableFuture<Boolean> ifUnchanged(String key, long modRevision, RequestOp operation) {
        TxnRequest request = TxnRequest.newBuilder()
                .addCompare(Compare.newBuilder()
                        .setKey(ByteString.copyFromUtf8(key))
                        .setTarget(Compare.CompareTarget.MOD)
                        .setResult(Compare.CompareResult.EQUAL)
                        .setModRevision(modRevision))
                .addSuccess(operation)
                .build();
        return call(KVGrpc.getTxnMethod(), request, timeout, TxnResponse::getSucceeded);
    }

    @Override
    public CompletableFuture<Page> list(String prefix, ByteString from, int limit, long revision) {
        return list(prefix, from, limit, revision, false);
    }

    @Override
    public CompletableFuture<Page> listKeysIfAllowed(String prefix, ByteString from, int limit, long revision) {
        return list(prefix, from, limit, revision, true);
    }

    private CompletableFuture<Page> list(String prefix, ByteString from, int limit, long revision, boolean keysOnly) {
        RangeRequest request = RangeRequest.newBuilder()
                .setKey(from.isEmpty() ? Wire.prefixStart(prefix) : from)
                .setRangeEnd(Wire.prefixEnd(prefix))
                .setLimit(limit)
                .setRevision(revision)
                .setKeysOnly(keysOnly)
                .setSortTarget(RangeRequest.SortTarget.KEY)
                .setSortOrder(RangeRequest.SortOrder.ASCEND)
                .build();
        return call(KVGrpc.getRangeMethod(), request, timeout, response -> {
            List<KeyValue> records = response.getKvsList().stream()
                    .filter(Wire::isText)
                    .map(Wire::record)
                    .toList();
            return new Page(response.getHeader().getRevision(), records, next(response));
        });
    }

    private static @Nullable ByteString next(RangeResponse response) {
        if (!response.getMore()) {
            return null;
        }
        int count = response.getKvsCount();
        return count == 0
                ? ByteString.EMPTY
                : Wire.next(response.getKvs(count - 1).getKey());
    }

    @Override
    public Watch watch(String prefix, long fromRevision, WatchListener listener) {
        return watches.watch(prefix, fromRevision, listener);
    }

    @Override
    public void reconnectNow() {
        channel.resetConnectBackoff();
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    /**
     * Makes a call; a second time when etcd did not accept the token, as that says nothing about the call, and at the next members
     * where one only learns.
     */
    private <Q, A, T extends @Nullable Object> CompletableFuture<T> call(
            MethodDescriptor<Q, A> method, Q request, Duration limit, Function<A, T> result) {
        return callPastLearners(method, request, limit, LEARNERS)
                .exceptionallyCompose(failure -> {
                    EtcdException cause = EtcdException.of(failure);
                    if (isOutdatedToken(cause)) {
                        return callPastLearners(method, request, limit, LEARNERS);
                    }
                    return CompletableFuture.failedFuture(cause);
                })
                .thenApply(result);
    }

    private <Q, A> CompletableFuture<A> callPastLearners(
            MethodDescriptor<Q, A> method, Q request, Duration limit, int learners) {
        return callOnce(method, request, limit).exceptionallyCompose(failure -> {
            boolean atALearner = EtcdException.of(failure).kind() == EtcdException.Kind.LEARNER;
            return atALearner && learners > 0
                    ? callPastLearners(method, request, limit, learners - 1)
                    : CompletableFuture.failedFuture(failure);
        });
    }

    private <Q, A> CompletableFuture<A> callOnce(MethodDescriptor<Q, A> method, Q request, Duration limit) {
        SentTracer tracer = new SentTracer();
        CallOptions options = callOptions
                .withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS)
                .withStreamTracerFactory(tracer.factory());
        return SingleRequest.send(request, channel.newCall(method, options), method.getType())
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(
                        EtcdException.of(failure).isTimeout() && tracer.isHeldBack() ? noStream(failure) : failure));
    }

    private EtcdException noStream(Throwable failure) {
        int streams = watches.streams();
        return new EtcdException(
                EtcdException.Kind.UNREACHABLE,
                "etcd unreachable: its connection takes no further call"
                        + (streams == 0 ? "" : " beside " + streams + " streams of watches")
                        + " (is --max-concurrent-streams of etcd, or the limit of a proxy, that low?)",
                failure);
    }

    private boolean isOutdatedToken(EtcdException failure) {
        return token != null ? token.isOutdatedBy(failure) : failure.kind() == EtcdException.Kind.TOKEN;
    }
}
