package io.github.grpclb.xds;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.grpclb.balancer.config.OutlierDetection;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.TestServer;
import io.github.grpclb.xds.ads.XdsObserver;
import io.github.grpclb.xds.config.BalancingPolicy;
import io.github.grpclb.xds.config.Retries;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client that has no class of ours: grpc-java's own xDS. */
class XdsClientIT {

    private static final String SERVICE = "greeter";

    private static final Metadata.Key<String> VERSION = Metadata.Key.of("x-version", Metadata.ASCII_STRING_MARSHALLER);

    private final FakeSource source = new FakeSource();
    private final List<TestServer> servers = new ArrayList<>();
    private final XdsChannels channels = new XdsChannels();
    private final Observed observed = new Observed();
    private XdsControlPlane controlPlane;
    private Server controlServer;

    @BeforeEach
    void startServers() {
        for (String id : List.of("s1", "s2", "s3")) {
            servers.add(TestServer.start(id));
        }
    }

    @AfterEach
    void stop() throws InterruptedException {
        channels.close();
        stopControlPlane();
        for (TestServer server : servers) {
            server.close();
        }
        assertThat(observed.rejected).isEmpty();
    }

    @Test
    void followsTheWeights() throws IOException {
        startControlPlane(0, XdsOptions.DEFAULT);
        listWeights(1, 2, 7);
        Channel channel = channel();
        assertShares(channel, 0.1, 0.2, 0.7);
        listWeights(2, 1, 1);
        await().atMost(10, SECONDS)
                .untilAsserted(() -> assertThat(share(channel, "s1", 200)).isGreaterThan(0.4));
        assertShares(channel, 0.5, 0.25, 0.25);
        listWeights(1, 0, 1);
        await().atMost(10, SECONDS)
                .untilAsserted(() -> assertThat(share(channel, "s2", 200)).isZero());
        assertShares(channel, 0.5, 0, 0.5);
    }

    @Test
    void callsNobodyWhoDrainsAndWhoeverComes() throws IOException {
        startControlPlane(0, XdsOptions.DEFAULT);
        source.list(SERVICE, endpoint(0, 1), endpoint(1, 1));
        Channel channel = channel();
        assertShares(channel, 0.5, 0.5, 0);
        source.list(
                SERVICE,
                endpoint(0, 1).toBuilder().state(Endpoint.State.DRAINING).build(),
                endpoint(1, 1),
                endpoint(2, 1));
        await().atMost(10, SECONDS).untilAsserted(() -> {
            Map<String, Integer> answers = ask(channel, 50, "");
            assertThat(answers).doesNotContainKey("s1").containsKey("s3");
        });
        assertShares(channel, 0, 0.5, 0.5);
    }

    @Test
    void callsNobodyWhoIsDisabled() throws IOException {
        startControlPlane(0, XdsOptions.DEFAULT);
        listWeights(1, 1, 1);
        Channel channel = channel();
        assertShares(channel, 1 / 3.0, 1 / 3.0, 1 / 3.0);
        Endpoint disabled =
                endpoint(0, 1).toBuilder().state(Endpoint.State.DISABLED).build();
        source.list(
                SERVICE,
                disabled,
                endpoint(1, 1).toBuilder().state(Endpoint.State.DRAINING).build(),
                endpoint(2, 1));
        await().atMost(10, SECONDS)
                .untilAsserted(() -> assertThat(ask(channel, 50, "")).containsOnlyKeys("s3"));
        listWeights(1, 1, 1);
        await().atMost(10, SECONDS)
                .untilAsserted(() -> assertThat(ask(channel, 50, "")).containsOnlyKeys("s1", "s2", "s3"));
    }

    @Test
    void takesAPolicyThatIsOverriddenForAsLongAsItIs() throws IOException {
        startControlPlane(0, XdsOptions.DEFAULT);
        listWeights(1, 0, 9);
        Channel channel = channel();
        assertShares(channel, 0.1, 0, 0.9);
        source.list(
                SERVICE,
                new BalancingOverride("least_request", null, List.of("policy least_request by ann")),
                endpoint(0, 1),
                endpoint(1, 0),
                endpoint(2, 9));
        await().atMost(10, SECONDS)
                .untilAsserted(() -> assertThat(share(channel, "s1", 200)).isBetween(0.35, 0.65));
        listWeights(1, 0, 9);
        await().atMost(10, SECONDS)
                .untilAsserted(() -> assertThat(share(channel, "s1", 200)).isLessThan(0.2));
    }

    @Test
    void prefersTheClientsZone() throws IOException {
        startControlPlane(0, XdsOptions.DEFAULT);
        source.list(
                SERVICE,
                endpoint(0, 1).toBuilder().zone("z1").build(),
                endpoint(1, 1).toBuilder().zone("z2").build(),
                endpoint(2, 1).toBuilder().zone("z1").build());
        assertShares(channel(), 0.5, 0, 0.5);
    }

    @Test
    void choosesByFewestRequests() throws IOException {
        startControlPlane(0, with(new BalancingPolicy.LeastRequest(2)));
        listWeights(1, 1, 1);
        assertShares(channel(), 1 / 3.0, 1 / 3.0, 1 / 3.0);
    }

    @Test
    void choosesByReportedLoadWhereverItIsKnown() throws IOException {
        startControlPlane(0, with(new BalancingPolicy.ReportedLoad(Duration.ZERO, Duration.ofMinutes(3))));
        listWeights(1, 1, 1); // none reports
        assertShares(channel(), 1 / 3.0, 1 / 3.0, 1 / 3.0);
    }

    @Test
    void sendsEachValueOfTheHeaderToItsServer() throws IOException {
        startControlPlane(0, with(new BalancingPolicy.RingHash("user")));
        listWeights(1, 2, 7);
        Channel channel = channel();
        Map<String, Integer> firsts = new HashMap<>();
        for (int user = 0; user < 600; user++) {
            Map<String, Integer> answers = ask(channel, 3, "user-" + user);
            assertThat(answers).hasSize(1);
            firsts.merge(answers.keySet().iterator().next(), 1, Integer::sum);
        }
        assertThat(firsts.get("s3") / 600.0).isCloseTo(0.7, Offset.offset(0.12));
    }

    @Test
    void fallsBackWhereAPolicyIsNotKnown() throws IOException {
        startControlPlane(0, with(new BalancingPolicy.Named("nobody_knows_it", Map.of("answer", 42.0))));
        listWeights(1, 1, 1);
        assertShares(channel(), 1 / 3.0, 1 / 3.0, 1 / 3.0);
    }

    /** As in a client that has our core library on its class path, and no starter. */
    @Test
    void choosesByOurPoliciesWhereTheyAreKnown() throws IOException {
        startControlPlane(
                0,
                with(new BalancingPolicy.Named(
                        "endpoint_lb", Map.of("policy", "consistent_hash", "options", Map.of("header", "user")))));
        listWeights(1, 1, 1);
        Channel channel = channel();
        for (int user = 0; user < 100; user++) {
            ask(channel, 1, "user-" + user); // all are connected by then
        }
        Set<String> used = new HashSet<>();
        for (int user = 0; user < 50; user++) {
            Map<String, Integer> answers = ask(channel, 3, "user-" + user);
            assertThat(answers).hasSize(1);
            used.addAll(answers.keySet());
        }
        assertThat(used).containsExactlyInAnyOrder("s1", "s2", "s3");
    }

    @Test
    void goesToTheNextControlPlaneWhereTheFirstIsAway() throws IOException {
        int port = startControlPlane(0, XdsOptions.DEFAULT);
        listWeights(1, 1, 1);
        int nobodys = 1;
        assertShares(channels.open(SERVICE, nobodys, port), 1 / 3.0, 1 / 3.0, 1 / 3.0);
    }

    @Test
    void followsWeightsByOurPolicies() throws IOException {
        startControlPlane(0, with(new BalancingPolicy.Named("endpoint_lb", Map.of("policy", "weighted_round_robin"))));
        listWeights(100_000, 200_000, 700_000);
        Channel channel = channel();
        assertShares(channel, 0.1, 0.2, 0.7);
        listWeights(1, 1, 2);
        await().atMost(10, SECONDS)
                .untilAsserted(() -> assertThat(share(channel, "s3", 200)).isLessThan(0.6));
        assertShares(channel, 0.25, 0.25, 0.5);
    }

    @Test
    void callsOnWhileTheControlPlaneIsAwayAndFollowsItWhenItIsBack() throws IOException, InterruptedException {
        int port = startControlPlane(0, XdsOptions.DEFAULT);
        listWeights(1, 1, 1);
        Channel channel = channel();
        assertShares(channel, 1 / 3.0, 1 / 3.0, 1 / 3.0);
        stopControlPlane();
        assertShares(channel, 1 / 3.0, 1 / 3.0, 1 / 3.0);
        listWeights(1, 1, 0);
        startControlPlane(port, XdsOptions.DEFAULT);
        await().atMost(30, SECONDS)
                .untilAsserted(() -> assertThat(share(channel, "s3", 100)).isZero());
        assertShares(channel, 0.5, 0.5, 0);
    }

    /** As after the registry's data is lost: servers have not yet registered again, and nobody knows that there were some. */
    @Test
    void callsOnWhereANewControlPlaneFindsAnEmptyRegistry() throws IOException, InterruptedException {
        int port = startControlPlane(0, XdsOptions.DEFAULT);
        listWeights(1, 1, 1);
        Channel channel = channel();
        assertShares(channel, 1 / 3.0, 1 / 3.0, 1 / 3.0);
        stopControlPlane();
        source.list(SERVICE);
        observed.accepted.clear();
        startControlPlane(port, XdsOptions.DEFAULT);
        await().atMost(30, SECONDS).untilAsserted(() -> assertThat(observed.accepted)
                .contains(ResourceType.LISTENER, ResourceType.CLUSTER));
        assertShares(channel, 1 / 3.0, 1 / 3.0, 1 / 3.0);
        listWeights(1, 1, 0);
        await().atMost(30, SECONDS)
                .untilAsserted(() -> assertThat(share(channel, "s3", 100)).isZero());
    }

    @Test
    void sendsCallsThatNameAValueToWhoHasIt() throws IOException {
        startControlPlane(0, with(tagged(false, Map.of())));
        listVersions("v1", "v2", "v1");
        Channel channel = channel();
        assertShares(channel, 1 / 3.0, 1 / 3.0, 1 / 3.0);
        assertThat(ask(version(channel, "v2"), 100, "")).containsOnlyKeys("s2");
        assertThat(ask(version(channel, "v1"), 100, "")).containsOnlyKeys("s1", "s3");
        assertThatThrownBy(() -> ask(version(channel, "v3"), 1, ""))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        failure -> assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
        listVersions("v1", "v3", "v1");
        await().atMost(10, SECONDS).ignoreExceptions().untilAsserted(() -> assertThat(
                        ask(version(channel, "v3"), 20, ""))
                .containsOnlyKeys("s2"));
    }

    @Test
    void sendsCallsElsewhereWhereNobodyHasTheValue() throws IOException {
        startControlPlane(0, with(tagged(true, Map.of())));
        listVersions("v1", "v2", "v1");
        Channel channel = channel();
        assertThat(ask(version(channel, "v3"), 100, "")).containsOnlyKeys("s1", "s2", "s3");
        assertThat(ask(version(channel, "v2"), 100, "")).containsOnlyKeys("s2");
    }

    @Test
    void givesACanaryItsShare() throws Exception {
        startControlPlane(0, with(tagged(true, Map.of("v2", 20.0))));
        listVersions("v1", "v1", "v1");
        Channel channel = channel();
        assertShares(channel, 1 / 3.0, 1 / 3.0, 1 / 3.0);
        listVersions("v1", "v2", "v1");
        await().atMost(10, SECONDS)
                .untilAsserted(() -> assertThat(share(channel, "s2", 200)).isLessThan(0.27));
        assertShares(channel, 0.4, 0.2, 0.4);
        servers.get(1).close(); // before anybody knows of it
        assertThat(ask(channel, 300, "")).doesNotContainKey("s2");
        listVersions("v1", null, "v1");
        assertShares(channel, 0.5, 0, 0.5);
    }

    @Test
    void leavesOutWhoFails() throws IOException {
        startControlPlane(
                0,
                with(ServiceSettings.DEFAULT.withOutlierDetection(new OutlierDetection(
                        Duration.ofMillis(500),
                        Duration.ofMinutes(1),
                        Duration.ofMinutes(5),
                        50,
                        null,
                        new OutlierDetection.FailurePercentage(50, 100, 2, 10)))));
        listWeights(1, 1, 1);
        Channel channel = channel();
        servers.get(0).fail(true);
        await().atMost(20, SECONDS).until(() -> failures(channel, 60) == 0);
        assertThat(ask(channel, 60, "")).containsOnlyKeys("s2", "s3");
    }

    @Test
    void makesCallsAgainThatFailed() throws IOException {
        startControlPlane(
                0,
                with(ServiceSettings.DEFAULT.withCalls(
                        null,
                        null,
                        new Retries(Set.of(Status.Code.INTERNAL), 4, Duration.ofMillis(1), Duration.ofMillis(10)))));
        listWeights(1, 9, 9); // localities are drawn at random: it is hardly drawn five times in a row
        servers.get(0).fail(true);
        assertThat(ask(channel(), 300, "")).containsOnlyKeys("s2", "s3");
    }

    @Test
    void endsCallsThatTakeTooLong() throws IOException {
        startControlPlane(0, with(ServiceSettings.DEFAULT.withCalls(null, Duration.ofMillis(300), null)));
        listWeights(1, 1, 1);
        servers.forEach(each -> each.hold(true));
        assertThatThrownBy(() -> ask(channel(), 1, ""))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        failure -> assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
    }

    @Test
    void limitsCallsInFlightOnlyWhereThatIsWanted() throws Exception {
        startControlPlane(0, XdsOptions.DEFAULT);
        listWeights(1, 1, 1);
        Channel channel = channel();
        ask(channel, 10, "");
        servers.forEach(each -> each.hold(true));
        List<ListenableFuture<String>> calls = new ArrayList<>();
        for (int i = 0; i < 1_200; i++) { // more than the 1 024 that clients take for a limit where none is told
            calls.add(ClientCalls.futureUnaryCall(
                    channel.newCall(TestServer.WHO, CallOptions.DEFAULT.withDeadlineAfter(30, SECONDS)), "who"));
        }
        await().atMost(20, SECONDS)
                .until(() -> servers.stream().mapToInt(TestServer::calls).sum() >= 1_210);
        servers.forEach(each -> each.hold(false));
        for (ListenableFuture<String> call : calls) {
            assertThat(call.get(20, SECONDS)).startsWith("s");
        }
    }

    private static ServiceSettings tagged(boolean fallback, Map<String, Double> split) {
        return ServiceSettings.DEFAULT.withTags(List.of(new TagRule("version", VERSION, fallback, split)));
    }

    private static Channel version(Channel channel, String version) {
        Metadata headers = new Metadata();
        headers.put(VERSION, version);
        return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    private void listVersions(@Nullable String... versions) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (int i = 0; i < versions.length; i++) {
            if (versions[i] != null) {
                endpoints.add(endpoint(i, 1).toBuilder().version(versions[i]).build());
            }
        }
        source.list(SERVICE, endpoints);
    }

    private static XdsOptions with(ServiceSettings settings) {
        return XdsOptions.DEFAULT.withService(SERVICE, settings);
    }

    private static XdsOptions with(BalancingPolicy policy) {
        return XdsOptions.DEFAULT.withService(SERVICE, ServiceSettings.DEFAULT.withPolicy(policy));
    }

    private int startControlPlane(int port, XdsOptions options) throws IOException {
        controlPlane = new XdsControlPlane(source, options, observed);
        NettyServerBuilder builder =
                NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        controlPlane.services().forEach(builder::addService);
        controlServer = builder.build().start();
        return controlServer.getPort();
    }

    private void stopControlPlane() throws InterruptedException {
        if (controlServer != null) {
            controlPlane.close();
            controlServer.shutdownNow().awaitTermination(10, SECONDS);
            controlServer = null;
        }
    }

    private Channel channel() {
        return channels.open(SERVICE, controlServer.getPort());
    }

    private Endpoint endpoint(int server, int weight) {
        return FakeSource.endpoint(SERVICE, servers.get(server).port()).toBuilder()
                .weight(weight)
                .build();
    }

    private void listWeights(int first, int second, int third) {
        source.list(SERVICE, endpoint(0, first), endpoint(1, second), endpoint(2, third));
    }

    /** Makes 6 000 calls: a share is within 3 points of what it should be. */
    private static void assertShares(Channel channel, double... shares) {
        ask(channel, 100, ""); // all are connected by then
        Map<String, Integer> answers = ask(channel, 6_000, "");
        for (int i = 0; i < shares.length; i++) {
            assertThat(answers.getOrDefault("s" + (i + 1), 0) / 6_000.0)
                    .describedAs("s%d of %s", i + 1, answers)
                    .isCloseTo(shares[i], Offset.offset(0.03));
        }
    }

    private static int failures(Channel channel, int calls) {
        int failures = 0;
        for (int i = 0; i < calls; i++) {
            try {
                ask(channel, 1, "");
            } catch (StatusRuntimeException e) {
                failures++;
            }
        }
        return failures;
    }

    private static double share(Channel channel, String id, int calls) {
        return ask(channel, calls, "").getOrDefault(id, 0) / (double) calls;
    }

    private static Map<String, Integer> ask(Channel channel, int calls, String user) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("user", Metadata.ASCII_STRING_MARSHALLER), user);
        Channel named = ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
        Map<String, Integer> answers = new HashMap<>();
        for (int i = 0; i < calls; i++) {
            answers.merge(TestServer.ask(named, CallOptions.DEFAULT.withDeadlineAfter(20, SECONDS)), 1, Integer::sum);
        }
        return answers;
    }

    private static final class Observed implements XdsObserver {

        private final List<String> rejected = new CopyOnWriteArrayList<>();
        private final Set<ResourceType> accepted = ConcurrentHashMap.newKeySet();

        @Override
        public void accepted(ResourceType type, @Nullable Duration sinceChange) {
            accepted.add(type);
        }

        @Override
        public void rejected(ResourceType type, String node, String reason) {
            rejected.add(type + ": " + reason);
        }
    }
}
