package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.client.ChannelSetup;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.resolver.EndpointNameResolverProvider;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Real calls to real servers, which a channel finds in Kubernetes. */
class KubernetesChannelIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final FakeCluster cluster = new FakeCluster();
    private final FakeApiServer api = opened.add(FakeApiServer.start(cluster));
    private final KubernetesEndpointSource source =
            opened.add(new KubernetesEndpointSource(KubernetesOptions.of(api.uri(), "shop"), RegistryObserver.NONE));
    private final ChannelSetup setup = ChannelSetup.of(source).build();

    private ManagedChannel channel(String target) {
        ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder(target, InsecureChannelCredentials.create());
        setup.prepare(builder, "greeter");
        ManagedChannel channel = builder.build();
        opened.add(channel::shutdownNow);
        return channel;
    }

    /** Each in a slice of its own, as all have other ports. */
    private TestServer start(String pod) {
        TestServer server = opened.add(TestServer.start(pod));
        cluster.put("shop", SliceBuilder.grpc(pod, "greeter", server.port()).ready("127.0.0.1", pod));
        return server;
    }

    private static CallOptions options() {
        return CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS);
    }

    private static Set<String> whoAnswers(ManagedChannel channel) {
        Set<String> ids = new TreeSet<>();
        for (int i = 0; i < 20; i++) {
            ids.add(TestServer.ask(channel, options()));
        }
        return ids;
    }

    @Test
    void callsThePodsOfAServiceAndFollowsThem() {
        start("greeter-0");
        TestServer leaving = start("greeter-1");
        ManagedChannel channel = channel("k8s:///greeter.shop:grpc");
        await().untilAsserted(() -> assertThat(whoAnswers(channel)).containsExactly("greeter-0", "greeter-1"));

        start("greeter-2");
        await().untilAsserted(
                        () -> assertThat(whoAnswers(channel)).containsExactly("greeter-0", "greeter-1", "greeter-2"));

        cluster.put(
                "shop",
                SliceBuilder.grpc("greeter-1", "greeter", leaving.port()).terminating("127.0.0.1", "greeter-1", true));
        await().untilAsserted(() -> assertThat(whoAnswers(channel)).containsExactly("greeter-0", "greeter-2"));
        cluster.delete("shop", "greeter-1");
        api.stop();
        assertThat(whoAnswers(channel)).as("while the API server is away").containsExactly("greeter-0", "greeter-2");
    }

    @Test
    void aCallCanNameItsPod() {
        start("greeter-0");
        start("greeter-1");
        start("greeter-2");
        ManagedChannel channel = channel(EndpointNameResolverProvider.target("k8s", "greeter"));
        await().untilAsserted(() -> assertThat(whoAnswers(channel)).hasSize(3));
        for (int i = 0; i < 10; i++) {
            assertThat(TestServer.ask(channel, options().withOption(RoutingKeys.SERVER_ID, "greeter-1")))
                    .isEqualTo("greeter-1");
        }
    }

    @Test
    void aCallSaysWhyItFails() {
        api.answerNext(
                403,
                Map.of(),
                FakeCluster.status(
                                403,
                                "Forbidden",
                                "endpointslices.discovery.k8s.io is forbidden: User \"system:serviceaccount:shop:default\" cannot list")
                        .toString());
        ManagedChannel channel = channel("k8s:///greeter");
        assertThatExceptionOfType(StatusRuntimeException.class)
                .isThrownBy(() -> TestServer.ask(channel, options()))
                .withMessageContaining("k8s:///greeter: discovery not ready: Kubernetes' API server answered 403: ")
                .withMessageContaining("system:serviceaccount:shop:default")
                .withMessageContaining("endpointslices of the API group discovery.k8s.io in namespace 'shop'");
    }

    @Test
    void aTargetThatIsNoServiceSaysSo() {
        ManagedChannel channel = channel("k8s:///Greeter");
        assertThatExceptionOfType(StatusRuntimeException.class)
                .isThrownBy(() -> TestServer.ask(channel, options()))
                .withMessageContaining(
                        "service: 'Greeter' (expected: service, service.namespace or service.namespace:port");
    }
}
