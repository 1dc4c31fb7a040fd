package io.github.grpclb.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.StaticEndpointSource;
import io.github.grpclb.metrics.ObservedServerInterceptor;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.micrometer.common.KeyValue;
import io.micrometer.core.instrument.binder.grpc.ObservationGrpcClientInterceptor;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

/** What is said of the server of a call, over real calls. */
class ServerOfCallIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final TestServer server = opened.add(TestServer.start("a"));
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final ObservationRegistry observations = ObservationRegistry.create();
    private final List<Map<String, String>> ended = new CopyOnWriteArrayList<>();

    ServerOfCallIT() {
        observations.observationConfig().observationHandler(new DefaultMeterObservationHandler(meters));
        observations.observationConfig().observationHandler(new ObservationHandler<Observation.Context>() {

            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }

            @Override
            public void onStop(Observation.Context context) {
                Map<String, String> values = new TreeMap<>();
                for (KeyValue value : context.getHighCardinalityKeyValues()) {
                    values.put(value.getKey(), value.getValue());
                }
                ended.add(values);
            }
        });
    }

    @Test
    void theObservationOfACallSaysWhereItWent() {
        Channel channel = observed(channel(Map.of(), new ObservedServerInterceptor(() -> observations)));
        TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady());
        await().until(() -> ended.size() == 1);
        assertThat(ended.get(0))
                .containsEntry("grpc.lb.endpoint", "127.0.0.1:" + server.port())
                .containsEntry("grpc.lb.endpoint.id", "a")
                .containsEntry("grpc.lb.zone", "z1")
                .containsEntry("grpc.lb.policy", "round_robin")
                .containsEntry("grpc.lb.attempt", "1");
    }

    @Test
    void noMeterHasIt() {
        Channel channel = observed(channel(Map.of(), new ObservedServerInterceptor(() -> observations)));
        TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady());
        await().until(() -> ended.size() == 1);
        assertThat(meters.getMeters()).isNotEmpty().allSatisfy(meter -> assertThat(
                        meter.getId().getTags())
                .noneMatch(tag -> tag.getKey().startsWith("grpc.lb")));
    }

    @Test
    void ofARetriedCallItIsTheLastAttempt() {
        server.fail(true);
        Map<String, ?> retried = Map.of(
                "methodConfig",
                List.of(Map.of(
                        "name",
                        List.of(Map.of()),
                        "retryPolicy",
                        Map.of(
                                "maxAttempts",
                                3.0,
                                "initialBackoff",
                                "0.01s",
                                "maxBackoff",
                                "0.01s",
                                "backoffMultiplier",
                                1.0,
                                "retryableStatusCodes",
                                List.of("INTERNAL")))));
        Channel channel = observed(channel(retried, new ObservedServerInterceptor(() -> observations)));
        assertThat(end(channel, new ConcurrentHashMap<>()).getCode()).isEqualTo(Status.Code.INTERNAL);
        await().until(() -> ended.size() == 1);
        assertThat(ended.get(0)).containsEntry("grpc.lb.attempt", "3");
    }

    @Test
    void whatTheCallIsAPartOfIsLeftAlone() {
        Channel channel = channel(Map.of(), new ObservedServerInterceptor(() -> observations));
        Observation.createNotStarted("request", observations)
                .observe(() -> TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady()));
        assertThat(ended).hasSize(1);
        assertThat(ended.get(0)).isEmpty();
    }

    @Test
    void aCallWithoutAServerHasNone() {
        Channel channel = observed(channel(Map.of(), new ObservedServerInterceptor(() -> observations)));
        ClientCall<String, String> call =
                channel.newCall(TestServer.WHO, CallOptions.DEFAULT.withOption(RoutingKeys.SERVER_ID, "nobody"));
        call.start(new ClientCall.Listener<>() {}, new Metadata());
        await().until(() -> ended.size() == 1);
        assertThat(ended.get(0)).doesNotContainKey("grpc.lb.attempt");
    }

    @Test
    void theLogKnowsItWithinTheCallbacksAlone() {
        Channel channel = channel(Map.of(), new MdcInterceptor());
        Map<String, Map<String, String>> seen = new ConcurrentHashMap<>();
        assertThat(end(channel, seen).isOk()).isTrue();
        assertThat(seen).containsOnlyKeys("headers", "message", "close");
        assertThat(seen.values()).allSatisfy(mdc -> assertThat(mdc)
                .containsEntry("grpc.lb.endpoint", "127.0.0.1:" + server.port())
                .containsEntry("grpc.lb.endpoint.id", "a")
                .containsEntry("grpc.lb.zone", "z1")
                .containsEntry("grpc.lb.attempt", "1"));
        assertThat(MDC.get("grpc.lb.endpoint")).isNull();
    }

    @Test
    void theLogIsAfterwardsAsItWas() {
        MDC.put("grpc.lb.zone", "mine");
        try {
            Channel channel = channel(Map.of(), new MdcInterceptor());
            Map<String, Map<String, String>> seen = new ConcurrentHashMap<>();
            end(channel, seen, Runnable::run);
            await().until(() -> seen.containsKey("close"));
            assertThat(MDC.get("grpc.lb.zone")).isEqualTo("mine");
        } finally {
            MDC.remove("grpc.lb.zone");
        }
    }

    @Test
    void bothFillInTheSame() {
        Map<String, Map<String, String>> seen = new ConcurrentHashMap<>();
        Channel channel =
                observed(channel(Map.of(), new MdcInterceptor(), new ObservedServerInterceptor(() -> observations)));
        end(channel, seen);
        await().until(() -> ended.size() == 1);
        assertThat(seen.get("close")).containsEntry("grpc.lb.endpoint.id", "a");
        assertThat(ended.get(0)).containsEntry("grpc.lb.endpoint.id", "a");
    }

    private static Status end(Channel channel, Map<String, Map<String, String>> seen) {
        return end(channel, seen, null);
    }

    /** Makes a call, and notes the MDC in each callback. */
    private static Status end(Channel channel, Map<String, Map<String, String>> seen, @Nullable Executor executor) {
        CompletableFuture<Status> closed = new CompletableFuture<>();
        CallOptions options = CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(30, TimeUnit.SECONDS);
        ClientCall<String, String> call =
                channel.newCall(TestServer.WHO, executor == null ? options : options.withExecutor(executor));
        call.start(
                new ClientCall.Listener<>() {

                    @Override
                    public void onHeaders(Metadata headers) {
                        seen.put("headers", mdc());
                    }

                    @Override
                    public void onMessage(String message) {
                        seen.put("message", mdc());
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        seen.put("close", mdc());
                        closed.complete(status);
                    }
                },
                new Metadata());
        call.sendMessage("");
        call.halfClose();
        call.request(2);
        return closed.join();
    }

    private static Map<String, String> mdc() {
        Map<String, String> now = MDC.getCopyOfContextMap();
        return now == null ? Map.of() : now;
    }

    private Channel observed(Channel channel) {
        return ClientInterceptors.intercept(channel, new ObservationGrpcClientInterceptor(observations));
    }

    private ManagedChannel channel(Map<String, ?> serviceConfig, InnerInterceptor... interceptors) {
        ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder("etcd:///svc", InsecureChannelCredentials.create());
        builder.defaultServiceConfig(serviceConfig);
        ChannelSetup.of(new StaticEndpointSource(Map.of(
                        "svc",
                        List.of(FakeEndpointSource.endpoint("svc", server)
                                .id("a")
                                .zone("z1")
                                .build()))))
                .build()
                .prepare(builder, "client");
        builder.intercept(interceptors);
        ManagedChannel channel = builder.build();
        opened.add(channel::shutdownNow);
        return channel;
    }
}
