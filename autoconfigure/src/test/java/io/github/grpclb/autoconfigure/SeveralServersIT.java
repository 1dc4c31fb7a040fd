package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.ServerApplication;
import io.github.grpclb.autoconfigure.TestApplications.Who;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.Ports;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.TestServer;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import net.devh.boot.grpc.server.config.GrpcServerProperties;
import net.devh.boot.grpc.server.serverfactory.GrpcServerConfigurer;
import net.devh.boot.grpc.server.serverfactory.GrpcServerFactory;
import net.devh.boot.grpc.server.serverfactory.GrpcServerLifecycle;
import net.devh.boot.grpc.server.serverfactory.NettyGrpcServerFactory;
import net.devh.boot.grpc.server.service.GrpcServiceDefinition;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;

/** Applications with several gRPC servers, and servers with several names. */
@ExtendWith(OutputCaptureExtension.class)
class SeveralServersIT {

    private static final MethodDescriptor<String, String> ASK =
            TestServer.WHO.toBuilder().setFullMethodName("test.Admin/Ask").build();
    private static final MethodDescriptor<String, String> CHAT = TestServer.WHO.toBuilder()
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .setFullMethodName("test.Admin/Chat")
            .build();

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final RawEtcd operator = opened.add(new RawEtcd(etcd.endpoint()));

    @Test
    void netDevhsOwnServerIsRegisteredAndTheOtherIsSaid(CapturedOutput output) {
        ConfigurableApplicationContext context = start(OwnAndAnother.class);
        awaitKeys("greeter/127.0.0.1:"
                + context.getBean(GrpcServerProperties.class).getPort());
        int other = context.getBean(Another.class).port();
        assertThat(output)
                .contains("INFO")
                .contains(
                        "Not registered: the gRPC server at port " + other
                                + "; 'shadedNettyGrpcServerLifecycle' is, unless grpc.lb.registration.server names another one");
    }

    @Test
    void anotherServerIsRegisteredByItsPort() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        start(OwnAndAnother.class, "grpc.lb.registration.server=" + port, "test.another-port=" + port);
        awaitKeys("greeter/127.0.0.1:" + port);
    }

    @Test
    void ofOnesOwnServersTheFirstIsRegistered(CapturedOutput output) {
        ConfigurableApplicationContext context = start(PublicAndAdmin.class);
        awaitKeys("greeter/127.0.0.1:" + port(context, "publicServer"));
        assertThat(output)
                .contains("Not registered: the gRPC server 'adminServer' at port " + port(context, "adminServer")
                        + "; the first one is, unless");
    }

    @Test
    void ofOnesOwnServersThePrimaryOneIsRegistered() {
        ConfigurableApplicationContext context = start(PublicAndPrimaryAdmin.class);
        awaitKeys("greeter/127.0.0.1:" + port(context, "adminServer"));
    }

    @Test
    void aServerIsRegisteredByTheNameOfItsBean() {
        ConfigurableApplicationContext context = start(PublicAndAdmin.class, "grpc.lb.registration.server=adminServer");
        awaitKeys("greeter/127.0.0.1:" + port(context, "adminServer"));
    }

    @Test
    void aNameThatNoServerHasEndsTheStart(CapturedOutput output) {
        assertThatThrownBy(() -> context(PublicAndAdmin.class, "grpc.lb.registration.server=admin"))
                .isNotNull();
        assertThat(output)
                .contains("APPLICATION FAILED TO START", "Property: grpc.lb.registration.server", "Value: \"admin\"")
                .contains("the name of its bean: publicServer, adminServer");
    }

    @Test
    void aPortThatNoServerHasIsWarnedOf(CapturedOutput output) {
        ConfigurableApplicationContext context = start(PublicAndAdmin.class, "grpc.lb.registration.server=1");
        assertThat(output)
                .contains(
                        "No gRPC server is registered: grpc.lb.registration.server=1 names none of those that run: the gRPC"
                                + " server 'publicServer' at port " + port(context, "publicServer"));
        assertThat(context.getBean(ServerLifecycle.class).registrations()).isEmpty();
    }

    @Test
    void aServerThatIsNotRegisteredTakesNoPartInTheDrainAndMayStopByItself() throws Exception {
        ConfigurableApplicationContext context = start(
                PublicAndAdmin.class,
                "grpc.lb.registration.drain.stream-grace=60s",
                "grpc.lb.registration.drain.timeout=60s",
                "grpc.lb.registration.drain.quiet-period=1s");
        String key = "greeter/127.0.0.1:" + port(context, "publicServer");
        awaitKeys(key);
        ManagedChannel admin = NettyChannelBuilder.forAddress("127.0.0.1", port(context, "adminServer"))
                .usePlaintext()
                .build();
        try {
            Talk talk = new Talk(admin);
            talk.answered.await();
            GrpcServerLifecycle publicServer = context.getBean("publicServer", GrpcServerLifecycle.class);
            CompletableFuture<Void> stopped = CompletableFuture.runAsync(publicServer::stop);
            while (!stopped.isDone()) { // calls that never stop
                ClientCalls.blockingUnaryCall(admin, ASK, CallOptions.DEFAULT, "");
            }
            assertThat(stopped).isCompleted();
            awaitKeys();
            assertThat(talk.end).isNotDone();
            startAgain(context, "publicServer");
            awaitKeys(key);
            GrpcServerLifecycle adminServer = context.getBean("adminServer", GrpcServerLifecycle.class);
            adminServer.stop();
            assertThat(talk.end.get().getDescription()).isNotEqualTo("server is draining");
            awaitKeys(key);
            assertThat(context.getBean(ServerLifecycle.class).registrations())
                    .singleElement()
                    .satisfies(it -> assertThat(it.endpoint().state().name()).isEqualTo("UP"));
            publicServer.stop();
            startAgain(context, "adminServer");
            awaitKeys();
            startAgain(context, "publicServer");
            awaitKeys(key);
        } finally {
            admin.shutdownNow();
        }
        context.close();
        awaitKeys();
    }

    @Test
    void theHealthOfTheRegisteredServerIsItsOwn() {
        ConfigurableApplicationContext context =
                start(PublicAndAdmin.class, "grpc.lb.registration.drain.quiet-period=0");
        HealthStatusManager health = context.getBean(HealthStatusManager.class);
        for (String name : List.of("test.Who", "test.Admin")) {
            health.setStatus(name, ServingStatus.SERVING);
        }
        GrpcServerLifecycle adminServer = context.getBean("adminServer", GrpcServerLifecycle.class);
        GrpcServerLifecycle publicServer = context.getBean("publicServer", GrpcServerLifecycle.class);
        adminServer.stop();
        assertThat(serving(health, "", "test.Who", "test.Admin")).containsExactly(true, true, false);
        startAgain(context, "adminServer");
        assertThat(serving(health, "", "test.Who", "test.Admin")).containsExactly(true, true, true);
        publicServer.stop();
        assertThat(serving(health, "", "test.Who", "test.Admin")).containsExactly(false, false, true);
        startAgain(context, "publicServer");
        assertThat(serving(health, "", "test.Who", "test.Admin")).containsExactly(true, true, true);
    }

    @Test
    void aServerIsFoundUnderEachOfItsServicesAndLeavesThemAll() {
        ConfigurableApplicationContext context = context(
                ServerApplication.class,
                "grpc.lb.registration.services=greeter,user.rpc",
                "grpc.lb.registration.weight=7");
        int port = context.getBean(GrpcServerProperties.class).getPort();
        awaitKeys("greeter/127.0.0.1:" + port, "user.rpc/127.0.0.1:" + port);
        assertThat(operator.all().values()).allMatch(record -> record.contains("\"weight\":7"));
        context.close();
        awaitKeys();
    }

    @Test
    void aServerAtAUnixSocketIsSaidNotToBeRegistered(CapturedOutput output, @TempDir Path directory) {
        opened.add(context(ServerApplication.class, "grpc.server.address=unix:" + directory.resolve("s")));
        assertThat(output)
                .contains("INFO")
                .contains("Not registered: the gRPC server at unix:" + directory.resolve("s") + " has no port");
        assertThat(operator.all()).isEmpty();
    }

    private ConfigurableApplicationContext start(Class<?> application, String... properties) {
        return opened.add(context(application, properties));
    }

    private ConfigurableApplicationContext context(Class<?> application, String... properties) {
        String[] all = new String[properties.length + 2];
        System.arraycopy(properties, 0, all, 0, properties.length);
        all[properties.length + 1] = "logging.level.io.github.grpclb=info";
        all[properties.length] = "grpc.lb.etcd.endpoints=" + etcd.endpoint();
        return TestApplications.start(
                application,
                Map.of(
                        "grpc.server.port",
                        "0",
                        "grpc.server.address",
                        "127.0.0.1",
                        "grpc.server.shutdown-grace-period",
                        "1s",
                        "spring.application.name",
                        "greeter"),
                all);
    }

    private static List<Boolean> serving(HealthStatusManager health, String... names) {
        List<Boolean> serving = new ArrayList<>();
        for (String name : names) {
            ((HealthGrpc.HealthImplBase) health.getHealthService())
                    .check(HealthCheckRequest.newBuilder().setService(name).build(), new StreamObserver<>() {
                        @Override
                        public void onNext(HealthCheckResponse response) {
                            serving.add(response.getStatus() == ServingStatus.SERVING);
                        }

                        @Override
                        public void onError(Throwable failure) {}

                        @Override
                        public void onCompleted() {}
                    });
        }
        return serving;
    }

    private static int port(ConfigurableApplicationContext context, String lifecycle) {
        return context.getBean(lifecycle + "Factory", GrpcServerFactory.class).getPort();
    }

    private static void startAgain(ConfigurableApplicationContext context, String lifecycle) {
        Ports.awaitFree(port(context, lifecycle));
        context.getBean(lifecycle, GrpcServerLifecycle.class).start();
    }

    private void awaitKeys(String... keys) {
        Set<String> expected =
                Set.of(keys).stream().map(key -> "/grpclb/" + key).collect(Collectors.toSet());
        await().untilAsserted(() -> assertThat(operator.all().keySet()).isEqualTo(expected));
    }

    private static GrpcServerFactory factory(
            int port, BindableService service, List<GrpcServerConfigurer> configurers) {
        GrpcServerProperties properties = new GrpcServerProperties();
        properties.setAddress("127.0.0.1");
        properties.setPort(port);
        NettyGrpcServerFactory factory = new NettyGrpcServerFactory(properties, configurers);
        factory.addService(new GrpcServiceDefinition("service", service.getClass(), service.bindService()));
        return factory;
    }

    private static GrpcServerLifecycle lifecycle(GrpcServerFactory factory, ApplicationEventPublisher events) {
        return new GrpcServerLifecycle(factory, Duration.ofSeconds(1), events);
    }

    /** A server that is no bean, beside net.devh's own, which it starts before. */
    @Configuration(proxyBeanMethods = false)
    @Import(ServerApplication.class)
    static class OwnAndAnother {

        @Bean
        Another another(
                ApplicationEventPublisher events,
                List<GrpcServerConfigurer> configurers,
                @Value("${test.another-port:0}") int port) {
            return new Another(factory(port, new Who("another"), configurers), events);
        }
    }

    static class Another implements SmartLifecycle {

        private final GrpcServerFactory factory;
        private final GrpcServerLifecycle server;

        Another(GrpcServerFactory factory, ApplicationEventPublisher events) {
            this.factory = factory;
            this.server = lifecycle(factory, events);
        }

        int port() {
            return factory.getPort();
        }

        @Override
        public void start() {
            server.start();
        }

        @Override
        public void stop() {
            server.stop();
        }

        @Override
        public boolean isRunning() {
            return server.isRunning();
        }

        @Override
        public int getPhase() {
            return 0;
        }
    }

    /** Two servers as beans: net.devh then makes none. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class PublicAndAdmin {

        @Bean
        GrpcServerFactory publicServerFactory(List<GrpcServerConfigurer> configurers) {
            return factory(0, new Who("public"), configurers);
        }

        @Bean
        GrpcServerFactory adminServerFactory(List<GrpcServerConfigurer> configurers) {
            return factory(0, new Admin(), configurers);
        }

        @Bean
        GrpcServerLifecycle publicServer(GrpcServerFactory publicServerFactory, ApplicationEventPublisher events) {
            return lifecycle(publicServerFactory, events);
        }

        @Bean
        GrpcServerLifecycle adminServer(GrpcServerFactory adminServerFactory, ApplicationEventPublisher events) {
            return lifecycle(adminServerFactory, events);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class PublicAndPrimaryAdmin extends PublicAndAdmin {

        @Bean
        @Primary
        @Override
        GrpcServerLifecycle adminServer(GrpcServerFactory adminServerFactory, ApplicationEventPublisher events) {
            return super.adminServer(adminServerFactory, events);
        }
    }

    static class Admin implements BindableService {

        @Override
        public ServerServiceDefinition bindService() {
            return ServerServiceDefinition.builder("test.Admin")
                    .addMethod(ASK, ServerCalls.asyncUnaryCall((request, response) -> {
                        response.onNext("admin");
                        response.onCompleted();
                    }))
                    .addMethod(CHAT, ServerCalls.asyncBidiStreamingCall(response -> {
                        response.onNext("hello");
                        return new StreamObserver<>() {
                            @Override
                            public void onNext(String request) {}

                            @Override
                            public void onError(Throwable failure) {}

                            @Override
                            public void onCompleted() {}
                        };
                    }))
                    .build();
        }
    }

    private static final class Talk implements StreamObserver<String> {

        private final CountDownLatch answered = new CountDownLatch(1);
        private final CompletableFuture<Status> end = new CompletableFuture<>();

        Talk(ManagedChannel channel) {
            ClientCalls.asyncBidiStreamingCall(channel.newCall(CHAT, CallOptions.DEFAULT), this);
        }

        @Override
        public void onNext(String value) {
            answered.countDown();
        }

        @Override
        public void onError(Throwable failure) {
            end.complete(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            end.complete(Status.OK);
        }
    }
}
