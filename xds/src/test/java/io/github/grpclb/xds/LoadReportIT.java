package io.github.grpclb.xds;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.awaitility.Awaitility.await;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.load_stats.v3.LoadReportingServiceGrpc;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsResponse;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.TestServer;
import io.github.grpclb.xds.ReportedCalls.Calls;
import io.github.grpclb.xds.config.BalancingPolicy;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.load.LocalityLoad;
import io.github.grpclb.xds.load.MetricSum;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.services.CallMetricRecorder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import io.grpc.xds.orca.OrcaMetricReportingServerInterceptor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls that grpc-java's own xDS client makes, and reports. */
class LoadReportIT {

    private static final String SERVICE = "greeter";

    private final FakeSource source = new FakeSource();
    private final XdsChannels channels = new XdsChannels();
    private final ReportedCalls totals = new ReportedCalls();
    private final List<TestServer> servers = new ArrayList<>();
    private final List<Server> others = new ArrayList<>();
    private @Nullable XdsControlPlane controlPlane;

    @AfterEach
    void stop() throws InterruptedException {
        channels.close();
        if (controlPlane != null) {
            controlPlane.close();
        }
        for (TestServer server : servers) {
            server.close();
        }
        for (Server server : others) {
            server.shutdownNow().awaitTermination(10, SECONDS);
        }
    }

    @Test
    void reportsTheCallsToEachServer() throws IOException {
        int port = startControlPlane(ServiceSettings.DEFAULT);
        servers.add(TestServer.start("s1"));
        servers.add(TestServer.start("s2"));
        servers.add(TestServer.start("s3"));
        servers.get(1).fail(true);
        source.list(SERVICE, endpoint(0, "z1"), endpoint(1, "z1"), endpoint(2, "z1"));
        Channel channel = channels.open(SERVICE, port);
        call(channel, 600);
        Channel other = channels.open(SERVICE, port);
        call(other, 300);
        awaitTotals(Map.of(
                "z1 " + address(0), calls(0, 0),
                "z1 " + address(1), calls(1, servers.get(1).calls()),
                "z1 " + address(2), calls(2, 0)));
        assertThat(servers.stream().mapToInt(TestServer::calls).sum()).isEqualTo(900);
        assertThat(servers).allSatisfy(server -> assertThat(server.calls()).isPositive());
        call(channel, 60);
        awaitTotals(Map.of(
                "z1 " + address(0), calls(0, 0),
                "z1 " + address(1), calls(1, servers.get(1).calls()),
                "z1 " + address(2), calls(2, 0)));
        assertThat(totals.unknown()).isZero();
    }

    @Test
    void saysWhatTheLastReportsComeTo() throws IOException {
        int port = startControlPlane(ServiceSettings.DEFAULT);
        servers.add(TestServer.start("s1"));
        source.list(SERVICE, endpoint(0, null));
        Channel channel = channels.open(SERVICE, port);
        servers.get(0).hold(true);
        CountDownLatch ended = new CountDownLatch(1);
        Thread caller = new Thread(() -> {
            call(channel, 1);
            ended.countDown();
        });
        caller.start();
        await().atMost(20, SECONDS).untilAsserted(() -> assertThat(inProgress()).isOne());
        servers.get(0).hold(false);
        await().atMost(20, SECONDS).untilAsserted(() -> {
            assertThat(ended.getCount()).isZero();
            assertThat(controlPlane.loads()).isNotEmpty();
            assertThat(inProgress()).isZero();
        });
    }

    @Test
    void reportsTheCallsToAZoneWherePoliciesChooseAmongItsServers() throws IOException {
        int port = startControlPlane(ServiceSettings.DEFAULT.withPolicy(new BalancingPolicy.LeastRequest(2)));
        servers.add(TestServer.start("s1"));
        servers.add(TestServer.start("s2"));
        source.list(SERVICE, endpoint(0, "z1"), endpoint(1, "z1"));
        call(channels.open(SERVICE, port), 100);
        awaitTotals(Map.of("z1 null", new Calls(100, 100, 0)));
    }

    @Test
    void reportsTheCallsToEachPart() throws IOException {
        Metadata.Key<String> header = Metadata.Key.of("x-version", Metadata.ASCII_STRING_MARSHALLER);
        int port = startControlPlane(
                ServiceSettings.DEFAULT.withTags(List.of(new TagRule("version", header, false, Map.of()))));
        servers.add(TestServer.start("s1"));
        servers.add(TestServer.start("s2"));
        source.list(
                SERVICE,
                endpoint(0, null).toBuilder().version("v1").build(),
                endpoint(1, null).toBuilder().version("v2").build());
        Metadata headers = new Metadata();
        headers.put(header, "v2");
        Channel channel = channels.open(SERVICE, port);
        call(ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)), 50);
        await().atMost(20, SECONDS).untilAsserted(() -> assertThat(totals.issued("version=v2", address(1)))
                .isEqualTo(50));
        assertThat(totals.issued("version=v1", address(0))).isZero();
        assertThat(totals.issued(null, address(1))).isZero();
    }

    @Test
    void reportsCallsThatNoServerWasChosenFor() throws IOException {
        int port = startControlPlane(ServiceSettings.DEFAULT.withCalls(1, null, null));
        servers.add(TestServer.start("s1"));
        source.list(SERVICE, endpoint(0, null));
        Channel channel = channels.open(SERVICE, port);
        call(channel, 1);
        servers.get(0).hold(true);
        Thread caller = new Thread(() -> call(channel, 1));
        caller.start();
        await().atMost(10, SECONDS).until(() -> servers.get(0).calls() == 2);
        call(channel, 5); // one beyond the limit, each
        servers.get(0).hold(false);
        await().atMost(20, SECONDS)
                .untilAsserted(() -> assertThat(totals.dropped()).isEqualTo(5));
        assertThat(servers.get(0).calls()).isEqualTo(2);
    }

    @Test
    void addsUpWhatServersReportWithTheirAnswers() throws IOException {
        int port = startControlPlane(ServiceSettings.DEFAULT);
        int first = startReporting("s1", 0.25, 0.5);
        int second = startReporting("s2", 2.0, 0.125);
        source.list(SERVICE, FakeSource.endpoint(SERVICE, first), FakeSource.endpoint(SERVICE, second));
        call(channels.open(SERVICE, port), 400);
        await().atMost(20, SECONDS).untilAsserted(() -> {
            Map<String, Calls> calls = totals.calls();
            assertThat(calls.values().stream().mapToLong(Calls::succeeded).sum())
                    .isEqualTo(400);
            assertThat(calls).hasSize(2).allSatisfy((place, each) -> {
                double queue = place.endsWith(":" + first) ? 0.25 : 2.0;
                double cpu = place.endsWith(":" + first) ? 0.5 : 0.125;
                assertSum(place, "named_metrics.queue", each.succeeded(), queue);
                assertSum(place, "cpu_utilization", each.succeeded(), cpu);
            });
        });
    }

    @Test
    void reportsNothingWhereThatIsNotWanted() throws IOException {
        controlPlane = new XdsControlPlane(source, XdsOptions.DEFAULT, totals);
        assertThat(controlPlane.services()).hasSize(2);
        int port = serve(controlPlane);
        servers.add(TestServer.start("s1"));
        source.list(SERVICE, endpoint(0, null));
        call(channels.open(SERVICE, port), 1);
        assertThat(controlPlane.openStreams()).isOne();
        assertThat(controlPlane.loads()).isEmpty();
    }

    @Test
    void keepsNothingOfWhoHasLeft() throws Exception {
        int port = startControlPlane(ServiceSettings.DEFAULT);
        ManagedChannel channel =
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
        int threads = -1;
        for (int i = 0; i < 1_000; i++) {
            Peer peer = new Peer(channel);
            assertThat(peer.answered.await(20, SECONDS)).isTrue();
            if (i % 2 == 0) {
                peer.call.onCompleted();
            } else {
                peer.call.cancel("enough", null);
            }
            if (i == 100) {
                threads = Thread.activeCount();
            }
        }
        await().atMost(20, SECONDS).until(() -> controlPlane.openStreams() == 0);
        // gRPC's shared pool has a few more or less at any time; one for each that has left would be hundreds
        assertThat(Thread.activeCount()).isLessThan(threads + 100);
        channel.shutdownNow().awaitTermination(10, SECONDS);
    }

    private int startControlPlane(ServiceSettings settings) throws IOException {
        controlPlane = new XdsControlPlane(
                source,
                XdsOptions.DEFAULT.withService(SERVICE, settings).withLoadReports(Duration.ofSeconds(1)),
                totals);
        return serve(controlPlane);
    }

    private int serve(XdsControlPlane plane) throws IOException {
        NettyServerBuilder builder =
                NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        plane.services().forEach(builder::addService);
        return start(builder);
    }

    /** Starts a server that reports a metric of its own, and a utilization, with each answer. */
    private int startReporting(String id, double queue, double cpu) throws IOException {
        ServerInterceptor recording = new ServerInterceptor() {
            @Override
            public <Q, R> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
                CallMetricRecorder.getCurrent()
                        .recordNamedMetric("queue", queue)
                        .recordCpuUtilizationMetric(cpu);
                return next.startCall(call, headers);
            }
        };
        return start(NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(ServerInterceptors.interceptForward(
                        TestServer.who(id), OrcaMetricReportingServerInterceptor.getInstance(), recording)));
    }

    private int start(NettyServerBuilder builder) throws IOException {
        Server server = builder.build().start();
        others.add(server);
        return server.getPort();
    }

    private Endpoint endpoint(int server, @Nullable String zone) {
        return FakeSource.endpoint(SERVICE, servers.get(server).port()).toBuilder()
                .zone(zone)
                .build();
    }

    private String address(int server) {
        return "127.0.0.1:" + servers.get(server).port();
    }

    private Calls calls(int server, int failed) {
        int all = servers.get(server).calls();
        return new Calls(all, all - failed, failed);
    }

    private static void call(Channel channel, int calls) {
        for (int i = 0; i < calls; i++) {
            try {
                TestServer.ask(channel, CallOptions.DEFAULT.withDeadlineAfter(20, SECONDS));
            } catch (StatusRuntimeException e) {
                continue; // as some servers are to do
            }
        }
    }

    private long inProgress() {
        return controlPlane.loads().stream()
                .flatMap(load -> load.localities().stream())
                .mapToLong(LocalityLoad::inProgress)
                .sum();
    }

    private void awaitTotals(Map<String, Calls> expected) {
        await().atMost(20, SECONDS)
                .untilAsserted(() -> assertThat(totals.calls()).isEqualTo(expected));
    }

    private void assertSum(String place, String metric, long calls, double value) {
        MetricSum sum = totals.metric(place, metric);
        assertThat(sum.calls()).isEqualTo(calls);
        assertThat(sum.sum()).isCloseTo(calls * value, offset(1e-6));
    }

    /** One that says who it is, and waits to be told what to report. */
    private static final class Peer implements ClientResponseObserver<LoadStatsRequest, LoadStatsResponse> {

        private final CountDownLatch answered = new CountDownLatch(1);
        private @Nullable ClientCallStreamObserver<LoadStatsRequest> call;

        Peer(Channel channel) {
            LoadReportingServiceGrpc.newStub(channel)
                    .streamLoadStats(this)
                    .onNext(LoadStatsRequest.newBuilder()
                            .setNode(Node.newBuilder().setId("peer"))
                            .build());
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<LoadStatsRequest> observer) {
            call = observer;
        }

        @Override
        public void onNext(LoadStatsResponse response) {
            answered.countDown();
        }

        @Override
        public void onError(Throwable thrown) {}

        @Override
        public void onCompleted() {}
    }
}
