package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.Gson;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.resolver.ResolverArgs;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That real calls, however they end, leave nothing in flight; docs/grpc-facts.md says what gRPC does to a tracer. */
class CallTrackingIT {

    private static final String SERVICE = "svc";

    private final FakeEndpointSource source = new FakeEndpointSource();
    private final EndpointLoads loads = new EndpointLoads();
    private final Counter observer = new Counter();
    private List<TestServer> servers = List.of(TestServer.start("a"), TestServer.start("b"));
    private final List<ManagedChannel> channels = new ArrayList<>();

    @AfterEach
    void stopAll() throws InterruptedException {
        for (ManagedChannel channel : channels) {
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
        for (TestServer server : servers) {
            server.close();
        }
    }

    @Test
    void callsThatAreCancelledAtOnceLeaveNothingInFlight() throws Exception {
        ManagedChannel channel = connected("least_request");
        Calls calls = new Calls(channel);
        for (int i = 0; i < 5_000; i++) {
            calls.start(CallOptions.DEFAULT).cancel("at once", null);
        }
        calls.awaitEnd();
        assertNothingInFlight();
    }

    @Test
    void callsWithShortDeadlinesLeaveNothingInFlight() throws Exception {
        ManagedChannel channel = connected("peak_ewma");
        Calls calls = new Calls(channel);
        for (int i = 0; i < 5_000; i++) {
            calls.start(CallOptions.DEFAULT.withDeadlineAfter(i % 400, TimeUnit.MICROSECONDS));
        }
        calls.awaitEnd();
        assertNothingInFlight();
        assertThat(sum(EndpointLoad::cancellations)).isZero();
    }

    @Test
    void waitingCallsThatAreCancelledWhileServersBecomeReadyLeaveNothingInFlight() throws Exception {
        for (int round = 0; round < 10; round++) {
            ManagedChannel channel = channel("least_request");
            Calls calls = new Calls(channel);
            List<ClientCall<String, String>> waiting = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                waiting.add(calls.start(
                        CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(20 + i % 50, TimeUnit.MILLISECONDS)));
            }
            publish();
            for (int i = 0; i < waiting.size(); i += 2) {
                waiting.get(i).cancel("while waiting", null);
            }
            calls.awaitEnd();
        }
        assertNothingInFlight();
    }

    @Test
    void countsWhatSucceedsAndMeasuresIt() throws Exception {
        ManagedChannel channel = connected("least_request");
        Calls calls = new Calls(channel);
        for (int i = 0; i < 1_000; i++) {
            calls.start(CallOptions.DEFAULT);
        }
        calls.awaitEnd();
        assertNothingInFlight();
        long served = servers.stream().mapToLong(TestServer::calls).sum();
        assertThat(sum(EndpointLoad::successes)).isEqualTo(served);
        assertThat(loads.all())
                .allMatch(load -> load.latency(EndpointLoad.DEFAULT_DECAY).at(System.nanoTime()) > 0);
    }

    @Test
    void sendsCallsOfOneContextToOneServerAlsoWhenTheyHadToWait() throws Exception {
        ManagedChannel channel = channel("consistent_hash");
        for (String key : List.of("k1", "k2", "k3", "k4")) {
            Context context = Context.current().withValue(RoutingKeys.HASH_CONTEXT, key);
            Set<String> answers = new HashSet<>();
            CountDownLatch asked = new CountDownLatch(1);
            Thread first = new Thread(context.wrap(() -> {
                asked.countDown();
                answers.add(TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady()));
            }));
            first.start();
            asked.await();
            publish();
            first.join();
            // both must be ready before an owner is asked for again
            await().until(() -> ready(channel));
            answers.clear();
            for (int i = 0; i < 10; i++) {
                answers.add(context.call(() -> TestServer.ask(channel, CallOptions.DEFAULT)));
            }
            assertThat(answers).hasSize(1);
        }
    }

    /** What a server with a limit has no room for waits in the transport; gRPC says nothing of it before it is sent. */
    @ParameterizedTest
    @ValueSource(strings = {"least_request", "peak_ewma"})
    void seesCallsThatWaitForAServerWithALimit(String policy) throws Exception {
        servers.get(0).close();
        servers = List.of(TestServer.limited("a", 1), servers.get(1));
        ManagedChannel channel = connected(policy);
        servers.forEach(server -> server.hold(true));
        Calls calls = new Calls(channel);
        for (int i = 0; i < 200; i++) {
            calls.start(CallOptions.DEFAULT);
        }
        assertThat(sum(EndpointLoad::inFlight)).isEqualTo(200);
        if (policy.equals(
                "least_request")) { // by peak_ewma the shares are those of the latencies that the first calls happened
            // to have
            assertThat(loads.all()).extracting(EndpointLoad::inFlight).allSatisfy(each -> assertThat(each)
                    .isBetween(60, 140));
        }
        servers.forEach(server -> server.hold(false));
        calls.awaitEnd();
        assertNothingInFlight();
        assertThat(sum(EndpointLoad::failures)).isZero();
    }

    @Test
    void callsThatEndWhileTheyWaitForAServerWithALimitLeaveNothingInFlight() throws Exception {
        for (TestServer server : servers) {
            server.close();
        }
        servers = List.of(TestServer.limited("a", 2), TestServer.limited("b", 2));
        ManagedChannel channel = connected("least_request");
        servers.forEach(server -> server.hold(true));
        Calls calls = new Calls(channel);
        List<ClientCall<String, String>> started = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            started.add(calls.start(CallOptions.DEFAULT.withDeadlineAfter(50 + i % 400, TimeUnit.MILLISECONDS)));
        }
        for (int i = 0; i < started.size(); i += 3) {
            started.get(i).cancel("while it waits", null);
        }
        servers.get(0).hold(false);
        servers.get(1).close();
        calls.awaitEnd();
        assertNothingInFlight();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "retryPolicy|{maxAttempts: 4, initialBackoff: 0.001s, maxBackoff: 0.01s, backoffMultiplier: 2,"
                        + " retryableStatusCodes: [INTERNAL]}",
                "hedgingPolicy|{maxAttempts: 3, hedgingDelay: 0.001s, nonFatalStatusCodes: [INTERNAL]}"
            })
    void severalAttemptsOfACallLeaveNothingInFlight(String policy) throws Exception {
        servers.get(0).close();
        servers = List.of(TestServer.limited("a", 2), servers.get(1));
        publish();
        String name = policy.split("\\|")[0];
        Object value = new Gson().fromJson(policy.split("\\|")[1], Object.class);
        ManagedChannel channel = channel(Map.of(
                "methodConfig",
                List.of(Map.of("name", List.of(Map.of()), name, value)),
                "loadBalancingConfig",
                List.of(Map.of(PolicyLoadBalancerProvider.NAME, Map.of("policy", "least_request")))));
        await().until(() -> ready(channel));
        servers.get(1).fail(true);
        Calls calls = new Calls(channel);
        for (int i = 0; i < 2_000; i++) {
            ClientCall<String, String> call =
                    calls.start(CallOptions.DEFAULT.withDeadlineAfter(5_000 - i, TimeUnit.MILLISECONDS));
            if (i % 3 == 0) {
                call.cancel("at some time", null);
            }
        }
        calls.awaitEnd();
        assertNothingInFlight();
        assertThat(sum(EndpointLoad::failures)).isPositive();
    }

    private ManagedChannel connected(String policy) {
        publish();
        ManagedChannel channel = channel(policy);
        await().until(() -> ready(channel));
        return channel;
    }

    /** Asks with many keys or by chance, until both servers have answered. */
    private boolean ready(ManagedChannel channel) {
        Set<String> answers = new HashSet<>();
        for (int i = 0; i < 40; i++) {
            answers.add(TestServer.ask(
                    channel, CallOptions.DEFAULT.withWaitForReady().withOption(RoutingKeys.HASH_KEY, "ready-" + i)));
        }
        return answers.size() == servers.size();
    }

    private void publish() {
        source.publish(
                SERVICE,
                servers.stream()
                        .map(server ->
                                FakeEndpointSource.endpoint(SERVICE, server).build())
                        .toArray(Endpoint[]::new));
    }

    private ManagedChannel channel(String policy) {
        return channel(Map.of(
                "loadBalancingConfig", List.of(Map.of(PolicyLoadBalancerProvider.NAME, Map.of("policy", policy)))));
    }

    private ManagedChannel channel(Map<String, ?> serviceConfig) {
        ManagedChannel channel = NettyChannelBuilder.forTarget("etcd:///" + SERVICE)
                .usePlaintext()
                .intercept(RoutingKeys.hashKeyFromContext())
                .setNameResolverArg(ResolverArgs.SOURCE, source)
                .setNameResolverArg(BalancerArgs.LOADS, loads)
                .setNameResolverArg(BalancerArgs.OBSERVER, observer)
                .defaultLoadBalancingPolicy(PolicyLoadBalancerProvider.NAME)
                .defaultServiceConfig(serviceConfig)
                .build();
        channels.add(channel);
        return channel;
    }

    /** As many calls as were seen to start have been seen to end, and every load says so. */
    private void assertNothingInFlight() {
        await().untilAsserted(() -> {
            assertThat(loads.all()).hasSize(2).allMatch(load -> load.inFlight() == 0);
            assertThat(loads.all()).allMatch(load -> load.meanWaitNanos(System.nanoTime()) == 0);
            assertThat(observer.finished.sum()).isEqualTo(observer.started.sum());
            assertThat(sum(EndpointLoad::successes) + sum(EndpointLoad::failures) + sum(EndpointLoad::cancellations))
                    .isEqualTo(observer.started.sum());
        });
    }

    private long sum(ToLongFunction<EndpointLoad> number) {
        return loads.all().stream().mapToLong(number).sum();
    }

    private static final class Counter implements PickObserver {

        private final LongAdder started = new LongAdder();
        private final LongAdder finished = new LongAdder();

        @Override
        public void callStarted(Endpoint endpoint, String policy) {
            started.increment();
        }

        @Override
        public void callFinished(
                Endpoint endpoint, String policy, Status.Code status, CallOutcome outcome, long nanos) {
            finished.increment();
        }
    }

    /** Starts calls and waits for their ends. */
    private static final class Calls {

        private final ManagedChannel channel;
        private final List<CountDownLatch> ends = new ArrayList<>();

        Calls(ManagedChannel channel) {
            this.channel = channel;
        }

        ClientCall<String, String> start(CallOptions options) {
            CountDownLatch end = new CountDownLatch(1);
            ends.add(end);
            ClientCall<String, String> call = channel.newCall(TestServer.WHO, options);
            call.start(
                    new ClientCall.Listener<>() {
                        @Override
                        public void onClose(Status status, Metadata trailers) {
                            end.countDown();
                        }
                    },
                    new Metadata());
            call.request(2);
            call.sendMessage("who");
            call.halfClose();
            return call;
        }

        void awaitEnd() throws InterruptedException {
            for (CountDownLatch end : ends) {
                assertThat(end.await(30, TimeUnit.SECONDS)).isTrue();
            }
        }
    }
}
