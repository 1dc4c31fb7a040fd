package io.github.grpclb.xds.ads;

import static io.github.grpclb.xds.FakeSource.endpoint;
import static io.github.grpclb.xds.load.Reports.cluster;
import static io.github.grpclb.xds.load.Reports.locality;
import static io.github.grpclb.xds.load.Reports.report;
import static io.github.grpclb.xds.resource.ResourceType.CLUSTER;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.load_stats.v3.LoadReportingServiceGrpc;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsResponse;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.xds.config.AllowedNodes;
import io.github.grpclb.xds.config.StreamLimits;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.load.ClusterLoad;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

class LoadReportingTest {

    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private static final XdsOptions OPTIONS = new XdsOptions(
            XdsOptions.DEFAULT.settings(), Duration.ZERO, 3, new StreamLimits(4, 40, AllowedNodes.ALL), INTERVAL);

    private final Counts counts = new Counts();
    private final Scene scene = new Scene(OPTIONS);
    private final LoadReporting reporting = new LoadReporting(scene.discovery, OPTIONS, INTERVAL, counts, scene.loop);

    @Test
    void asksForTheCallsToAllClusters() {
        Client client = new Client();
        client.sayNode();
        assertThat(client.responses.take()).singleElement().satisfies(response -> {
            assertThat(response.getSendAllClusters()).isTrue();
            assertThat(response.getClustersList()).isEmpty();
            assertThat(response.getReportEndpointGranularity()).isFalse();
            assertThat(response.getLoadReportingInterval().getSeconds()).isEqualTo(10);
        });
        scene.pass(INTERVAL);
        client.say(report("a"));
        assertThat(client.responses.take()).isEmpty();
    }

    @Test
    void tellsClientsOfAServiceToReport() throws InvalidProtocolBufferException {
        scene.source.list("a", endpoint("a", 1));
        Scene.WholeClient discovering = scene.wholeClient();
        discovering.ask(CLUSTER, "a");
        Cluster cluster = discovering.read().getResources(0).unpack(Cluster.class);
        assertThat(cluster.getLrsServer().hasSelf()).isTrue();
        Scene quiet = new Scene();
        quiet.source.list("a", endpoint("a", 1));
        Scene.WholeClient other = quiet.wholeClient();
        other.ask(CLUSTER, "a");
        assertThat(other.read().getResources(0).unpack(Cluster.class).hasLrsServer())
                .isFalse();
    }

    @Test
    void passesOnWhatIsReportedAndAddsItUp() {
        follow("a", 1, 2);
        Client one = new Client();
        one.sayNode();
        Client other = new Client();
        other.sayNode();
        scene.pass(INTERVAL);
        one.say(report("a", locality("", "127.0.0.1:1", 10)));
        other.say(report("a", locality("", "127.0.0.1:1", 5), locality("", "127.0.0.1:2", 7)));
        assertThat(counts.loads).hasSize(2);
        assertThat(succeeded(counts.loads.get(0))).containsExactly("127.0.0.1:1 10");
        assertThat(succeeded(counts.loads.get(1))).containsExactly("127.0.0.1:1 5", "127.0.0.1:2 7");
        assertThat(reporting.loads()).isEmpty();
        scene.pass(INTERVAL);
        assertThat(reporting.loads()).hasSize(1);
        assertThat(succeeded(reporting.loads().get(0))).containsExactly("127.0.0.1:1 15", "127.0.0.1:2 7");
        scene.pass(INTERVAL);
        assertThat(reporting.loads()).isEmpty();
    }

    @Test
    void hearsOnlyTheNodesOnItsList() {
        XdsOptions guarded = new XdsOptions(
                OPTIONS.settings(),
                Duration.ZERO,
                3,
                new StreamLimits(4, 40, new AllowedNodes(List.of("shop-*"))),
                INTERVAL);
        FakeResponses<LoadStatsResponse> responses = new FakeResponses<>();
        new LoadReporting(scene.discovery, guarded, INTERVAL, counts, scene.loop)
                .streamLoadStats(responses)
                .onNext(LoadStatsRequest.newBuilder()
                        .setNode(Node.newBuilder().setId("client-1"))
                        .build());
        scene.settle();
        assertThat(responses.take()).isEmpty();
        assertThat(responses.status()).isNotNull().satisfies(status -> assertThat(status.getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED));
    }

    @Test
    void countsWhatIsReportedOfServicesThatNobodyFollows() {
        scene.source.list("a", endpoint("a", 1));
        Client client = new Client();
        client.say(report("a", locality("", "", 1)));
        assertThat(counts.unknown).isOne();
        follow("never"); // it has no server
        client.say(LoadStatsRequest.newBuilder()
                .addClusterStats(cluster("never", locality("", "", 1)))
                .addClusterStats(cluster("made-up"))
                .build());
        assertThat(counts.unknown).isEqualTo(3);
        scene.pass(INTERVAL);
        assertThat(counts.loads).isEmpty();
        assertThat(reporting.loads()).isEmpty();
        assertThat(client.responses.status()).isNull();
    }

    @Test
    void readsNoReportBeforeItsTime() {
        Client client = new Client();
        client.sayNode();
        assertThat(client.responses.requested()).isOne();
        scene.pass(INTERVAL.dividedBy(2).minusNanos(1));
        assertThat(client.responses.requested()).isOne();
        scene.pass(Duration.ofNanos(1));
        assertThat(client.responses.requested()).isEqualTo(2);
        client.end();
        scene.pass(INTERVAL);
        assertThat(client.responses.requested()).isEqualTo(2);
    }

    @Test
    @ExtendWith(CapturedLog.Extension.class)
    void endsAStreamWithAReportThatIsNone(CapturedLog log) {
        Client good = new Client();
        good.sayNode();
        Client bad = new Client();
        bad.sayNode();
        follow("a", 1);
        bad.say(report("a", locality("", "\n".repeat(41), 1)));
        assertThat(bad.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(log).contains("client-1\\u000a: stream ended: sub_zone has 41 characters");
        bad.say(report("a", locality("", "", 1)));
        assertThat(counts.loads).isEmpty();
        good.say(report("a", locality("", "", 1)));
        assertThat(counts.loads).hasSize(1);
        assertThat(reporting.openStreams()).isOne();
    }

    @Test
    void takesNothingOfAReportThatItRefuses() {
        follow("a", 1);
        Client client = new Client();
        client.say(LoadStatsRequest.newBuilder()
                .addClusterStats(cluster("a", locality("", "", 1)))
                .addClusterStats(cluster("a", locality("", "", -9)))
                .build());
        assertThat(client.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(client.responses.take()).isEmpty();
        assertThat(counts.loads).isEmpty();
    }

    @Test
    void endsAStreamOfMessagesThatAreNone() {
        MethodDescriptor<?, ?> method = reporting
                .bindService()
                .getMethod(LoadReportingServiceGrpc.getStreamLoadStatsMethod().getFullMethodName())
                .getMethodDescriptor();
        assertThat(method.parseRequest(new ByteArrayInputStream("garbage".getBytes(StandardCharsets.US_ASCII))))
                .isNull();
        Client client = new Client();
        client.say(null);
        assertThat(client.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void hasAsManyStreamsAsDiscoveryBesideThose() {
        List<Scene.WholeClient> discovering = List.of(scene.wholeClient(), scene.wholeClient(), scene.wholeClient());
        List<Client> clients = List.of(new Client(), new Client(), new Client());
        Client excess = new Client();
        scene.settle();
        assertThat(excess.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(clients)
                .allSatisfy(client -> assertThat(client.responses.status()).isNull());
        clients.get(0).end();
        Client next = new Client();
        next.sayNode();
        assertThat(next.responses.take()).hasSize(1);
        discovering.forEach(Scene.WholeClient::end);
    }

    @Test
    void endsStreamsWhenItIsClosed() {
        Client client = new Client();
        client.sayNode();
        follow("a", 1);
        client.say(report("a", locality("", "", 1)));
        scene.pass(INTERVAL);
        reporting.close();
        scene.settle();
        assertThat(client.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(reporting.loads()).isEmpty();
        Client late = new Client();
        scene.settle();
        assertThat(late.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(reporting.openStreams()).isZero();
    }

    @Test
    void keepsNothingOfWhoHasLeft() {
        follow("a", 1);
        for (int i = 0; i < 1_000; i++) {
            Client client = new Client();
            client.sayNode();
            client.say(report("a", locality("", "", 1)));
            if (i % 3 == 0) {
                client.end();
            } else if (i % 3 == 1) {
                client.responses.cancel();
            } else {
                client.requests.onError(new IllegalStateException("the connection broke"));
            }
            scene.settle();
        }
        assertThat(reporting.openStreams()).isZero();
        assertThat(counts.opened).isEqualTo(1_000);
        assertThat(counts.closed).isEqualTo(1_000);
        scene.pass(INTERVAL);
        assertThat(succeeded(reporting.loads().get(0))).containsExactly("null 1000");
        scene.pass(INTERVAL);
        assertThat(reporting.loads()).isEmpty();
    }

    private void follow(String service, int... ports) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (int port : ports) {
            endpoints.add(endpoint(service, port));
        }
        scene.source.list(service, endpoints);
        scene.wholeClient().ask(CLUSTER, service);
    }

    private static List<String> succeeded(ClusterLoad load) {
        return load.localities().stream()
                .map(each -> each.address() + " " + each.succeeded())
                .sorted()
                .toList();
    }

    /** One that reports. */
    private final class Client {

        private final FakeResponses<LoadStatsResponse> responses = new FakeResponses<>();
        private final StreamObserver<LoadStatsRequest> requests = reporting.streamLoadStats(responses);

        void sayNode() {
            say(LoadStatsRequest.newBuilder()
                    .setNode(Node.newBuilder().setId("client-1\n"))
                    .build());
        }

        void say(@Nullable LoadStatsRequest request) {
            requests.onNext(request);
            scene.settle();
        }

        void end() {
            requests.onCompleted();
            scene.settle();
            assertThat(responses.completed()).isTrue();
        }

        Status.@Nullable Code code() {
            Status status = responses.status();
            return status == null ? null : status.getCode();
        }
    }

    private static final class Counts implements XdsObserver {

        private final List<ClusterLoad> loads = new ArrayList<>();
        private int unknown;
        private int opened;
        private int closed;

        @Override
        public void opened() {
            opened++;
        }

        @Override
        public void closed() {
            closed++;
        }

        @Override
        public void reported(ClusterLoad load) {
            loads.add(load);
        }

        @Override
        public void reportedUnknown(int clusters) {
            unknown += clusters;
        }
    }
}
