package io.github.grpclb.autoconfigure.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.github.grpclb.actuate.ControlPlaneStatus;
import io.github.grpclb.actuate.GrpcLbEndpoint;
import io.github.grpclb.autoconfigure.GrpcLbAutoConfiguration;
import io.github.grpclb.autoconfigure.GrpcLbClientAutoConfiguration;
import io.github.grpclb.autoconfigure.GrpcLbEndpointAutoConfiguration;
import io.github.grpclb.autoconfigure.GrpcLbMetricsAutoConfiguration;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.test.FakeRegistry;
import io.github.grpclb.xds.ads.XdsObserver;
import io.github.grpclb.xds.metrics.XdsMetrics;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.env.MapPropertySource;

/** A control plane in an application: when there is one, and whom it answers. */
class XdsApplicationTest {

    private final FakeRegistry registry = new FakeRegistry();

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    GrpcLbAutoConfiguration.class,
                    GrpcLbClientAutoConfiguration.class,
                    GrpcLbMetricsAutoConfiguration.class,
                    GrpcLbXdsAutoConfiguration.class,
                    GrpcLbXdsMetricsAutoConfiguration.class))
            .withBean(FakeRegistry.class, () -> registry)
            .withPropertyValues("grpc.lb.xds.port=0");

    private final ApplicationContextRunner enabled = application.withPropertyValues("grpc.lb.xds.enabled=true");

    @Test
    void isNotThereUnlessItIsEnabled() {
        application.run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(XdsLifecycle.class));
        application
                .withPropertyValues("grpc.lb.xds.enabled=true", "grpc.lb.enabled=false")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(XdsLifecycle.class));
    }

    @Test
    void tellsOfTheApplicationsRegistry() {
        registry.put(Endpoint.builder("greeter", "127.0.0.1", 4711).build());
        enabled.withPropertyValues("grpc.lb.xds.enabled=on").run(context -> {
            XdsLifecycle controlPlane = context.getBean(XdsLifecycle.class);
            assertThat(ask(controlPlane.port(), "greeter", new Metadata())).contains("4711");
        });
    }

    @Test
    void comesBackAfterAPause() {
        registry.put(Endpoint.builder("greeter", "127.0.0.1", 4711).build());
        enabled.run(context -> {
            XdsLifecycle controlPlane = context.getBean(XdsLifecycle.class);
            context.stop();
            assertThat(controlPlane.port()).isEqualTo(-1);
            assertThat(controlPlane.controlPlane()).isNull();
            context.start();
            assertThat(ask(controlPlane.port(), "greeter", new Metadata())).contains("4711");
        });
    }

    @Test
    void wantsItsTokenOfAllButWhoAsksForItsHealth() {
        registry.put(Endpoint.builder("greeter", "127.0.0.1", 4711).build());
        enabled.withPropertyValues("grpc.lb.xds.token=secret-token").run(context -> {
            int port = context.getBean(XdsLifecycle.class).port();
            assertThat(ask(port, "greeter", new Metadata()))
                    .startsWith("UNAUTHENTICATED")
                    .contains("authorization");
            assertThat(ask(port, "greeter", authorization("Bearer secret-toke")))
                    .startsWith("UNAUTHENTICATED");
            assertThat(ask(port, "greeter", authorization("Basic secret-token")))
                    .startsWith("UNAUTHENTICATED");
            assertThat(ask(port, "greeter", authorization("bearer secret-token")))
                    .contains("4711");
            ManagedChannel channel = channel(port);
            assertThat(HealthGrpc.newBlockingStub(channel)
                            .check(HealthCheckRequest.getDefaultInstance())
                            .getStatus()
                            .name())
                    .isEqualTo("SERVING");
            channel.shutdownNow();
        });
    }

    /** As of a file that ends with a new line. */
    @Test
    void takesATokenWithoutTheSpaceAroundIt() {
        registry.put(Endpoint.builder("greeter", "127.0.0.1", 4711).build());
        enabled.withInitializer(context -> context.getEnvironment()
                        .getPropertySources()
                        .addFirst(new MapPropertySource("files", Map.of("grpc.lb.xds.token", " secret-token\n"))))
                .run(context -> assertThat(ask(
                                context.getBean(XdsLifecycle.class).port(),
                                "greeter",
                                authorization("Bearer secret-token")))
                        .contains("4711"));
    }

    @Test
    void namesATokenThatNoHeaderCanHave() {
        enabled.withPropertyValues("grpc.lb.xds.token=gehe\u00efm").run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .hasMessageContaining("grpc.lb.xds.token: ******")
                .hasMessageNotContaining("gehe"));
    }

    @Test
    void servesTheNodesOnItsListAlone() {
        enabled.withPropertyValues("grpc.lb.xds.allowed-nodes=other").run(context -> assertThat(
                        ask(context.getBean(XdsLifecycle.class).port(), "greeter", new Metadata()))
                .startsWith("PERMISSION_DENIED")
                .contains("\"tester\""));
    }

    @Test
    void saysWhoIsConnectedAndWhatItRejects() {
        registry.put(Endpoint.builder("greeter", "127.0.0.1", 4711).build());
        enabled.withConfiguration(AutoConfigurations.of(GrpcLbEndpointAutoConfiguration.class))
                .withPropertyValues("management.endpoints.web.exposure.include=grpclb")
                .run(context -> {
                    XdsLifecycle controlPlane = context.getBean(XdsLifecycle.class);
                    ManagedChannel channel = channel(controlPlane.port());
                    CompletableFuture<String> answer = new CompletableFuture<>();
                    StreamObserver<DiscoveryRequest> stream = RawXdsClient.open(channel, answer);
                    stream.onNext(RawXdsClient.request("greeter"));
                    answer.get(10, TimeUnit.SECONDS);
                    ControlPlaneStatus.Client client = new ControlPlaneStatus.Client("tester", "", 1, List.of());
                    assertThat(controlPlane.status())
                            .isEqualTo(new ControlPlaneStatus(controlPlane.port(), 1, List.of(client), List.of()));
                    stream.onNext(RawXdsClient.request("greeter").toBuilder()
                            .setResponseNonce("1")
                            .setErrorDetail(com.google.rpc.Status.newBuilder().setMessage("no"))
                            .build());
                    GrpcLbEndpoint endpoint = context.getBean(GrpcLbEndpoint.class);
                    await().untilAsserted(() -> assertThat(endpoint.describe()
                                    .controlPlane()
                                    .clients()
                                    .get(0)
                                    .rejections())
                            .containsExactly(
                                    new ControlPlaneStatus.Rejection(ResourceType.ENDPOINTS.url(), "greeter", "no")));
                    channel.shutdownNow();
                });
    }

    @Test
    void isMeasuredWhereThereIsARegistryOfMeters() {
        registry.put(Endpoint.builder("greeter", "127.0.0.1", 4711).build());
        enabled.withBean(SimpleMeterRegistry.class).run(context -> {
            ask(context.getBean(XdsLifecycle.class).port(), "greeter", new Metadata());
            MeterRegistry meters = context.getBean(MeterRegistry.class);
            await().ignoreExceptions() // it is counted once it is sent
                    .untilAsserted(() -> assertThat(meters.get(XdsMetrics.RESPONSES)
                                    .tag(XdsMetrics.TYPE, "endpoints")
                                    .counter()
                                    .count())
                            .isOne());
        });
        enabled.withBean(SimpleMeterRegistry.class)
                .withPropertyValues("grpc.lb.metrics.enabled=false")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(XdsObserver.class));
    }

    @Test
    void isMeasuredBesideObserversOfTheApplications() {
        registry.put(Endpoint.builder("greeter", "127.0.0.1", 4711).build());
        List<ResourceType> heard = new CopyOnWriteArrayList<>();
        enabled.withBean(SimpleMeterRegistry.class)
                .withBean("failing", XdsObserver.class, () -> new XdsObserver() {
                    @Override
                    public void sent(ResourceType type) {
                        throw new IllegalStateException("a fault of the application's");
                    }
                })
                .withBean("listening", XdsObserver.class, () -> new XdsObserver() {
                    @Override
                    public void sent(ResourceType type) {
                        heard.add(type);
                    }
                })
                .run(context -> {
                    int port = context.getBean(XdsLifecycle.class).port();
                    assertThat(ask(port, "greeter", new Metadata())).contains("4711");
                    await().ignoreExceptions().untilAsserted(() -> assertThat(context.getBean(MeterRegistry.class)
                                    .get(XdsMetrics.RESPONSES)
                                    .counter()
                                    .count())
                            .isOne());
                    await().untilAsserted(() -> assertThat(heard).containsExactly(ResourceType.ENDPOINTS));
                });
    }

    @Test
    void saysWhatIsMissing() {
        application
                .withPropertyValues("grpc.lb.xds.enabled=true")
                .withClassLoader(new FilteredClassLoader("io.github.grpclb.xds"))
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(InvalidPropertyException.class)
                        .hasMessageContaining("io.github.grpclb:grpc-lb-xds on the class path"));
        new ApplicationContextRunner()
                .withConfiguration(
                        AutoConfigurations.of(GrpcLbAutoConfiguration.class, GrpcLbXdsAutoConfiguration.class))
                .withPropertyValues("grpc.lb.xds.enabled=true")
                .run(context ->
                        assertThat(context).getFailure().rootCause().hasMessageContaining("a registry to tell of"));
    }

    /** Else a client would be told of it, hours later, by nobody. */
    @Test
    void saysWhatIsMissingWhereBeansAreLazy() {
        application
                .withPropertyValues("grpc.lb.xds.enabled=true")
                .withInitializer(context ->
                        context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
                .withClassLoader(new FilteredClassLoader("io.github.grpclb.xds"))
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessageContaining("io.github.grpclb:grpc-lb-xds on the class path"));
    }

    @Test
    void isNotSilentlyOffWhereTheSwitchIsMisspelt() {
        application
                .withPropertyValues("grpc.lb.xds.enabled=ture")
                .run(context -> assertThat(context).getFailure().hasStackTraceContaining("grpc.lb.xds.enabled"));
    }

    @Test
    void saysThatItsPortIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            enabled.withPropertyValues("grpc.lb.xds.port=" + taken.getLocalPort())
                    .run(context -> assertThat(context)
                            .getFailure()
                            .cause()
                            .hasMessageContaining("grpc.lb.xds.port: " + taken.getLocalPort())
                            .hasMessageContaining("that is free"));
        }
    }

    @Test
    void namesTheAddressAndThePortThatAreNone() {
        enabled.withPropertyValues("grpc.lb.xds.port=65536")
                .run(context ->
                        assertThat(context).getFailure().cause().hasMessageContaining("grpc.lb.xds.port: 65536"));
        enabled.withPropertyValues("grpc.lb.xds.address=no.such.host.invalid")
                .run(context ->
                        assertThat(context).getFailure().cause().hasMessageContaining("grpc.lb.xds.address: no.such"));
    }

    private static String ask(int port, String service, Metadata headers) throws Exception {
        ManagedChannel channel = channel(port);
        try {
            return RawXdsClient.ask(channel, service, headers);
        } finally {
            channel.shutdownNow();
        }
    }

    private static ManagedChannel channel(int port) {
        return Grpc.newChannelBuilder("127.0.0.1:" + port, InsecureChannelCredentials.create())
                .build();
    }

    private static Metadata authorization(String value) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), value);
        return headers;
    }
}
