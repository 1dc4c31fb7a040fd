package io.github.grpclb.springgrpc;

import static io.github.grpclb.springgrpc.Applications.client;
import static io.github.grpclb.springgrpc.Applications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.actuate.GrpcLbEndpoint;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.springgrpc.Applications.Caller;
import io.github.grpclb.springgrpc.Applications.ClientApplication;
import io.github.grpclb.springgrpc.Applications.ServerApplication;
import io.github.grpclb.testing.Opened;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.SimpleApplicationEventMulticaster;
import org.springframework.grpc.server.GrpcServerFactory;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

/** Servers of Spring gRPC, over an etcd in this JVM and real gRPC. */
@ExtendWith(OutputCaptureExtension.class)
class SpringGrpcServersIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    void isAnnouncedWhereItListens() {
        ConfigurableApplicationContext server = opened.add(server(at, "grpc.lb.registration.id=a"));
        assertThat(announced(server).address())
                .isEqualTo(
                        "127.0.0.1:" + server.getBean(GrpcServerLifecycle.class).getPort());
    }

    /** The host's event calls every address {@code [/[0:0:0:0:0:0:0:0]:9090]}. */
    @Test
    void oneThatIsBoundToEveryAddressIsAnnouncedUnderThatOfItsMachine() {
        ConfigurableApplicationContext server = opened.add(server(
                at, "spring.grpc.server.address=0.0.0.0", "grpc.lb.registration.preferred-networks=127.0.0.0/8"));
        assertThat(announced(server).host()).isEqualTo("127.0.0.1");
    }

    @Test
    void oneThatStopsIsWithdrawnBeforeItsPortCloses() {
        ConfigurableApplicationContext leaving =
                server(at, "grpc.lb.registration.id=a", "grpc.lb.registration.drain.quiet-period=50ms");
        announced(leaving);
        Caller caller = opened.add(client(at)).getBean(Caller.class);
        assertThat(caller.ask()).isEqualTo("a");
        opened.add(server(at, "grpc.lb.registration.id=b"));
        await().untilAsserted(() -> assertThat(caller.answers(4)).containsOnly("a", "b"));
        leaving.close();
        for (int i = 0; i < 50; i++) {
            assertThat(caller.ask(CallOptions.DEFAULT)).isEqualTo("b");
        }
    }

    @Test
    void theHostsShutdownGraceCountsForTheTerminationGrace(CapturedOutput output) {
        opened.add(server(
                at,
                "TERMINATION_GRACE_PERIOD_SECONDS=20",
                "grpc.lb.registration.drain.stream-grace=0",
                "spring.grpc.server.shutdown.grace-period=15"));
        await().untilAsserted(
                        () -> assertThat(output)
                                .contains(
                                        "it has 20s (environment variable TERMINATION_GRACE_PERIOD_SECONDS), and to stop may take 21s: twice"
                                                + " grpc.lb.registration.withdraw-timeout 3s + spring.grpc.server.shutdown.grace-period 15s."));
    }

    @Test
    void theReadinessProbeWaitsForServersAndForClients() {
        String enabled = "management.health.grpc-lb-readiness.enabled=true";
        ConfigurableApplicationContext client =
                opened.add(client(at, enabled, "grpc.lb.clients.greeter.min-ready-endpoints=1"));
        HealthIndicator found = client.getBean("grpcLbReadinessHealthIndicator", HealthIndicator.class);
        assertThat(found.health().getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
        ConfigurableApplicationContext server = opened.add(server(at, enabled, "POD_NAME=greeter-0"));
        HealthIndicator visible = server.getBean("grpcLbReadinessHealthIndicator", HealthIndicator.class);
        await().untilAsserted(() -> assertThat(visible.health().getStatus()).isEqualTo(Status.UP));
        await().untilAsserted(() -> assertThat(found.health().getStatus()).isEqualTo(Status.UP));
        assertThat(announced(server).id()).isEqualTo("greeter-0");
    }

    @Test
    void healthSaysThatItLeavesWhileItDrains() {
        opened.add(server(at, "grpc.lb.registration.id=other")); // who is alone does not drain
        ConfigurableApplicationContext leaving = server(
                at,
                "grpc.lb.registration.drain.quiet-period=2s",
                "spring.grpc.server.health.schedule.delay=0",
                "spring.grpc.server.health.schedule.period=20ms");
        int port = Integer.parseInt(announced(leaving).address().split(":")[1]);
        ManagedChannel channel = Grpc.newChannelBuilder("127.0.0.1:" + port, InsecureChannelCredentials.create())
                .build();
        opened.add(channel::shutdownNow);
        HealthGrpc.HealthBlockingStub health =
                HealthGrpc.newBlockingStub(channel).withWaitForReady();
        assertThat(health.check(HealthCheckRequest.getDefaultInstance()).getStatus())
                .isEqualTo(ServingStatus.SERVING);
        CompletableFuture<Void> closed = CompletableFuture.runAsync(leaving::close);
        await().pollInterval(Duration.ofMillis(20))
                .during(Duration.ofMillis(300))
                .until(() ->
                        health.check(HealthCheckRequest.getDefaultInstance()).getStatus() == ServingStatus.NOT_SERVING);
        assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
    }

    @Test
    void healthSaysThatItDrainsWhateverSpringSaysMeanwhile() {
        ConfigurableApplicationContext server = opened.add(server(
                at, "spring.grpc.server.health.schedule.delay=0", "spring.grpc.server.health.schedule.period=200ms"));
        int port = Integer.parseInt(announced(server).address().split(":")[1]);
        ManagedChannel channel = Grpc.newChannelBuilder("127.0.0.1:" + port, InsecureChannelCredentials.create())
                .build();
        opened.add(channel::shutdownNow);
        List<ServingStatus> seen = new CopyOnWriteArrayList<>();
        HealthGrpc.newStub(channel).withWaitForReady().watch(HealthCheckRequest.getDefaultInstance(), into(seen));
        await().untilAsserted(() -> assertThat(seen).endsWith(ServingStatus.SERVING));
        int before = seen.size();
        server.getBean(ServerLifecycle.class).drain();
        await().untilAsserted(() -> assertThat(seen.subList(before, seen.size()))
                .startsWith(
                        ServingStatus.NOT_SERVING,
                        ServingStatus.SERVING, // Spring
                        ServingStatus.NOT_SERVING));
        server.getBean(ServerLifecycle.class).endDrain();
        int told = seen.size();
        await().during(Duration.ofMillis(500))
                .untilAsserted(() ->
                        assertThat(seen).hasSizeLessThanOrEqualTo(told + 1).endsWith(ServingStatus.SERVING));
    }

    private static StreamObserver<HealthCheckResponse> into(List<ServingStatus> seen) {
        return new StreamObserver<>() {
            @Override
            public void onNext(HealthCheckResponse response) {
                seen.add(response.getStatus());
            }

            @Override
            public void onError(Throwable end) {}

            @Override
            public void onCompleted() {}
        };
    }

    /** Other threads deliver events whenever they come to it: here, never. */
    @Test
    void oneWhoseApplicationDeliversEventsByOtherThreadsIsAnnouncedAndWithdrawn() {
        ConfigurableApplicationContext server = opened.add(server(WithEventThreads.class, at));
        announced(server);
        server.stop();
        assertThat(server.getBean(ServerLifecycle.class).registration()).isEmpty();
    }

    @Test
    void theHostsOwnMayBeNamedWhereATestHasAnother() {
        ConfigurableApplicationContext server =
                opened.add(server(WithTestServer.class, at, "grpc.lb.registration.server=nettyGrpcServerLifecycle"));
        assertThat(server.getBean(ServerLifecycle.class).registration()).isEmpty();
    }

    @Test
    void oneThatCannotBeAnnouncedEndsTheStartAndItsPortCloses() throws IOException {
        int port = freePort();
        assertThatThrownBy(() -> server(at, "grpc.lb.registration.service=", "spring.grpc.server.port=" + port))
                .hasStackTraceContaining("grpc.lb.registration.service");
        assertThatThrownBy(() -> new Socket("127.0.0.1", port)).isInstanceOf(ConnectException.class);
    }

    @Test
    void oneThatIsPausedComesBack() {
        ConfigurableApplicationContext server = opened.add(server(at, "grpc.lb.registration.id=a"));
        announced(server);
        server.stop();
        assertThat(server.getBean(ServerLifecycle.class).registration()).isEmpty();
        server.start();
        announced(server);
        assertThat(opened.add(client(at)).getBean(Caller.class).ask()).isEqualTo("a");
    }

    @Test
    void ofTwoTheHostsOwnIsAnnounced(CapturedOutput output) {
        ConfigurableApplicationContext server =
                opened.add(server(WithAdminServer.class, at, "logging.level.io.github.grpclb.autoconfigure=info"));
        assertThat(announced(server).address())
                .isEqualTo("127.0.0.1:"
                        + server.getBean("nettyGrpcServerLifecycle", GrpcServerLifecycle.class)
                                .getPort());
        assertThat(output).contains("Not registered: the gRPC server 'adminServer'");
    }

    @Test
    void orTheOneThatIsNamed() {
        ConfigurableApplicationContext server =
                opened.add(server(WithAdminServer.class, at, "grpc.lb.registration.server=adminServer"));
        assertThat(announced(server).address())
                .isEqualTo("127.0.0.1:"
                        + server.getBean("adminServer", GrpcServerLifecycle.class)
                                .getPort());
    }

    @Test
    void anInProcessServerIsNotAnnounced() {
        ConfigurableApplicationContext server =
                opened.add(server(at, "spring.grpc.server.inprocess.name=here", "grpc.lb.registration.id=a"));
        announced(server);
        assertThat(opened.add(client(at)).getBean(Caller.class).askThrough("in-process:here"))
                .isEqualTo("a");
    }

    @Test
    void anApplicationThatServesNothingStartsNoServer() {
        ConfigurableApplicationContext client = opened.add(client(at));
        assertThat(client.getBeanNamesForType(GrpcServerLifecycle.class)).isEmpty();
        assertThat(client.getBean(ServerLifecycle.class).registration()).isEmpty();
    }

    @Test
    void oneThatCallsItselfAsItStartsIsAnswered() {
        ConfigurableApplicationContext both =
                opened.add(server(ServerAndClient.class, at, "grpc.lb.registration.id=me"));
        assertThat(both.getBean(Caller.class).ask(CallOptions.DEFAULT)).isEqualTo("me");
    }

    @Test
    void metersAndTheEndpointTellOfItsCalls() {
        ConfigurableApplicationContext both = opened.add(server(
                ServerAndClient.class,
                at,
                "grpc.lb.registration.id=me",
                "management.endpoints.web.exposure.include=*",
                "management.endpoints.jmx.exposure.include=*"));
        assertThat(both.getBean(Caller.class).ask()).isEqualTo("me");
        assertThat(both.getBean(MeterRegistry.class).getMeters())
                .extracting(meter -> meter.getId().getName())
                .anyMatch(name -> name.startsWith("grpc.lb."));
        assertThat(both.getBean(GrpcLbEndpoint.class).describe().toString()).contains("greeter", "me");
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0)) {
            return free.getLocalPort();
        }
    }

    private static Endpoint announced(ConfigurableApplicationContext server) {
        ServerLifecycle lifecycle = server.getBean(ServerLifecycle.class);
        await().untilAsserted(() -> assertThat(lifecycle.registration())
                .hasValueSatisfying(it -> assertThat(it.registered()).isCompleted()));
        return lifecycle.registration().orElseThrow().endpoint();
    }

    @Configuration(proxyBeanMethods = false)
    @Import({ServerApplication.class, ClientApplication.class})
    static class ServerAndClient {}

    @Configuration(proxyBeanMethods = false)
    @Import(ServerApplication.class)
    static class WithEventThreads {

        @Bean
        SimpleApplicationEventMulticaster applicationEventMulticaster() {
            SimpleApplicationEventMulticaster events = new SimpleApplicationEventMulticaster();
            events.setTaskExecutor(task -> {});
            return events;
        }
    }

    /** The host's own gives way, as it does to Spring Boot's transport for tests. */
    @Configuration(proxyBeanMethods = false)
    @Import(ServerApplication.class)
    static class WithTestServer {

        @Bean
        GrpcServerFactory testGrpcServerFactory(List<BindableService> services) {
            return new AdminFactory(services);
        }

        @Bean
        GrpcServerLifecycle testGrpcServerLifecycle(
                GrpcServerFactory testGrpcServerFactory, ApplicationEventPublisher events) {
            return new GrpcServerLifecycle(testGrpcServerFactory, Duration.ofSeconds(1), events);
        }
    }

    /** Has a second server, for the few. */
    @Configuration(proxyBeanMethods = false)
    @Import(ServerApplication.class)
    static class WithAdminServer {

        @Bean
        GrpcServerLifecycle adminServer(List<BindableService> services, ApplicationEventPublisher events) {
            return new GrpcServerLifecycle(new AdminFactory(services), Duration.ofSeconds(1), events);
        }
    }

    private static final class AdminFactory implements GrpcServerFactory {

        private final List<BindableService> services;

        AdminFactory(List<BindableService> services) {
            this.services = services;
        }

        @Override
        public Server createServer() {
            NettyServerBuilder builder = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0));
            services.forEach(builder::addService);
            return builder.build();
        }

        @Override
        public void addService(ServerServiceDefinition service) {
            throw new UnsupportedOperationException();
        }
    }
}
