package io.github.grpclb.springgrpc;

import static io.github.grpclb.springgrpc.Applications.client;
import static io.github.grpclb.springgrpc.Applications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.springgrpc.Applications.Caller;
import io.github.grpclb.springgrpc.Applications.ClientApplication;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.SelfSigned;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.MapPropertySource;
import org.springframework.grpc.client.GlobalClientInterceptor;
import org.springframework.grpc.client.GrpcChannelBuilderCustomizer;
import org.springframework.grpc.client.ImportGrpcClients;

/** Channels of Spring gRPC, over an etcd in this JVM and real gRPC. */
@ExtendWith(OutputCaptureExtension.class)
class SpringGrpcChannelsIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();
    private final Map<String, ConfigurableApplicationContext> servers = new HashMap<>();

    private Caller caller(String... properties) {
        return caller(ClientApplication.class, properties);
    }

    private Caller caller(Class<?> application, String... properties) {
        return opened.add(client(application, properties)).getBean(Caller.class);
    }

    private void serve(String id, String... properties) {
        String[] all = new String[properties.length + 2];
        all[0] = at;
        all[1] = "grpc.lb.registration.id=" + id;
        System.arraycopy(properties, 0, all, 2, properties.length);
        servers.put(id, opened.add(server(all)));
    }

    @Test
    void aChannelWithoutATargetReachesTheRegisteredServers() {
        serve("a");
        serve("b");
        Caller caller = caller(at);
        await().untilAsserted(() -> assertThat(caller.answers(4)).containsOnly("a", "b"));
    }

    @Test
    void callsFollowTheWeights() {
        serve("heavy", "grpc.lb.registration.weight=5");
        serve("light", "grpc.lb.registration.weight=1");
        Caller caller = caller(at, "grpc.lb.policy=weighted_round_robin");
        await().until(() -> caller.answers(12).size() == 2);
        assertThat(caller.shares(600)).isEqualTo(Map.of("heavy", 500L, "light", 100L));
    }

    @Test
    void callsFollowAWeightThatChanges() {
        serve("changing", "grpc.lb.registration.weight=1");
        serve("light", "grpc.lb.registration.weight=1");
        Caller caller = caller(at, "grpc.lb.policy=weighted_round_robin");
        await().until(() -> caller.answers(12).size() == 2);
        assertThat(caller.shares(100)).isEqualTo(Map.of("changing", 50L, "light", 50L));
        Registration registration = servers.get("changing")
                .getBean(ServerLifecycle.class)
                .registration()
                .orElseThrow();
        assertThat(registration.update(
                        registration.endpoint().toBuilder().weight(4).build()))
                .succeedsWithin(Duration.ofSeconds(10));
        await().untilAsserted(() -> assertThat(caller.shares(100)).isEqualTo(Map.of("changing", 80L, "light", 20L)));
    }

    @Test
    void aCallBoundToAServerGoesThere() {
        serve("a");
        serve("b");
        Caller caller = caller(at);
        CallOptions toB = CallOptions.DEFAULT.withWaitForReady().withOption(RoutingKeys.SERVER_ID, "b");
        for (int i = 0; i < 10; i++) {
            assertThat(caller.ask(toB)).isEqualTo("b");
        }
    }

    @Test
    void aConfiguredTargetComesFirst() {
        serve("registered");
        TestServer elsewhere = opened.add(TestServer.start("elsewhere"));
        assertThat(caller(at, "spring.grpc.client.channel.greeter.target=static://127.0.0.1:" + elsewhere.port())
                        .ask())
                .isEqualTo("elsewhere");
    }

    /** As a test does: {@code target=static://localhost:${local.grpc.server.port}}. */
    @Test
    void aConfiguredTargetMayNameAPortThatIsKnownLater() {
        ConfigurableApplicationContext client = opened.add(
                client(at, "spring.grpc.client.channel.later.target=static://127.0.0.1:${local.grpc.server.port}"));
        TestServer elsewhere = opened.add(TestServer.start("elsewhere"));
        client.getEnvironment()
                .getPropertySources()
                .addFirst(new MapPropertySource("ports", Map.of("local.grpc.server.port", elsewhere.port())));
        assertThat(client.getBean(Caller.class).askThrough("later")).isEqualTo("elsewhere");
    }

    @Test
    void aTargetMayNameTheService() {
        serve("a", "grpc.lb.registration.service=hello");
        Caller caller = caller(at, "spring.grpc.client.channel.greeter.target=etcd:///hello");
        assertThat(caller.ask()).isEqualTo("a");
        assertThat(caller.askThrough("etcd:///hello")).isEqualTo("a");
    }

    @Test
    void anAddressAsNameStaysOne() {
        TestServer elsewhere = opened.add(TestServer.start("elsewhere"));
        Caller caller = caller(at);
        assertThat(caller.askThrough("127.0.0.1:" + elsewhere.port())).isEqualTo("elsewhere");
        assertThat(caller.askThrough("static://127.0.0.1:" + elsewhere.port())).isEqualTo("elsewhere");
    }

    @Test
    void aNameMayBeAPlaceholder() {
        serve("a");
        assertThat(caller(at, "peer=greeter").askThrough("${peer}")).isEqualTo("a");
    }

    @Test
    void aClientMayCallAServiceOfAnotherName() {
        serve("a", "grpc.lb.registration.service=hello");
        assertThat(caller(at, "grpc.lb.clients.greeter.service=hello").ask()).isEqualTo("a");
    }

    @Test
    void aFixedListNeedsNoEtcd() {
        TestServer fixed = opened.add(TestServer.start("fixed"));
        assertThat(caller(at, "grpc.lb.static.greeter=127.0.0.1:" + fixed.port())
                        .ask())
                .isEqualTo("fixed");
    }

    @Test
    void aNameThatNoServiceCanHaveIsRefused() {
        Caller caller = caller(at);
        assertThatThrownBy(() -> caller.askThrough("My Service"))
                .isInstanceOf(InvalidPropertyException.class)
                .hasMessageContaining("grpc.lb.clients.[My Service].service");
    }

    /** Spring Boot has a target for each channel with settings, which is this machine's port 9090. */
    @Test
    void settingsOfAChannelDoNotTakeItsServersAway() {
        serve("a");
        Caller caller = caller(
                at,
                "spring.grpc.client.channel.greeter.default.deadline=5s",
                "spring.grpc.client.channel.greeter.user-agent=mine");
        assertThat(caller.ask()).isEqualTo("a");
    }

    @Test
    void theHostsServiceConfigAndOurPolicyHoldBoth() {
        serve("heavy", "grpc.lb.registration.weight=5");
        serve("light", "grpc.lb.registration.weight=1");
        Caller caller = caller(
                at,
                "grpc.lb.policy=weighted_round_robin",
                "spring.grpc.client.channel.greeter.health.enabled=true",
                "spring.grpc.client.channel.greeter.service-config.method[0].name[0].service=test.Who",
                "spring.grpc.client.channel.greeter.service-config.method[0].wait-for-ready=true");
        await().until(() -> caller.answers(12).size() == 2);
        assertThat(caller.shares(60)).isEqualTo(Map.of("heavy", 50L, "light", 10L));
    }

    @Test
    void aPolicyOfTheHostsDoesNotTakeThePlaceOfOurs() {
        serve("a");
        serve("b");
        Caller caller = caller(at, "spring.grpc.client.channel.greeter.default.load-balancing-policy=pick_first");
        await().untilAsserted(() -> assertThat(caller.answers(4)).containsOnly("a", "b"));
    }

    @Test
    void whatTheApplicationCustomizesStays() {
        serve("a");
        Caller caller = caller(WithOwnCustomizer.class, at);
        assertThatThrownBy(() -> caller.ask(CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS)))
                .isInstanceOfSatisfying(StatusRuntimeException.class, e -> assertThat(e.getStatus())
                        .returns(Status.Code.UNIMPLEMENTED, Status::getCode));
    }

    @Test
    void aStubThatAConstructorTakesIsBalanced() {
        serve("a");
        assertThat(opened.add(client(StubApplication.class, at))
                        .getBean(StubUser.class)
                        .check())
                .isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
    }

    /** The certificate is checked against the service's name, whatever address its server has. */
    @Test
    void theHostsBundlesSecureIt(@TempDir Path files) throws Exception {
        SelfSigned certificate = SelfSigned.create(files, "greeter", "san=dns:greeter");
        serve(
                "a",
                "spring.ssl.bundle.pem.own.keystore.certificate=" + certificate.certificate(),
                "spring.ssl.bundle.pem.own.keystore.private-key=" + certificate.key(),
                "spring.grpc.server.ssl.bundle=own");
        Caller caller = caller(
                at,
                "spring.ssl.bundle.pem.theirs.truststore.certificate=" + certificate.certificate(),
                "spring.grpc.client.channel.greeter.ssl.bundle=theirs");
        assertThat(caller.ask()).isEqualTo("a");
    }

    @Test
    void saysWhichConfiguredClientNobodyHas(CapturedOutput output) {
        caller(at, "grpc.lb.clients.greter.policy=random");
        await().untilAsserted(() -> assertThat(output)
                .contains("grpc.lb.clients.greter has had no effect")
                .contains("did you mean \"greeter\"?"));
    }

    @Test
    void switchedOffItTakesNoPart() {
        assertThat(opened.add(client(at, "grpc.lb.enabled=false")).getBeanDefinitionNames())
                .noneMatch(name -> name.startsWith("grpcLb"));
    }

    @Test
    void twoContextsInOneJvmDoNotMeet() {
        EmbeddedEtcd other = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
        String atOther = "grpc.lb.etcd.endpoints=" + other.endpoint();
        serve("mine");
        opened.add(server(atOther, "grpc.lb.registration.id=other"));
        Caller mine = caller(at);
        Caller others = caller(atOther);
        assertThat(mine.answers(5)).containsExactly("mine");
        assertThat(others.answers(5)).containsExactly("other");
    }

    /** Has a customizer of its own, which looks for nothing that our settings would have to come before. */
    @Configuration(proxyBeanMethods = false)
    @Import(ClientApplication.class)
    static class WithOwnCustomizer {

        @Bean
        <T extends ManagedChannelBuilder<T>> GrpcChannelBuilderCustomizer<T> ownCustomizer() {
            return new OwnCustomizer<>();
        }

        private static final class OwnCustomizer<T extends ManagedChannelBuilder<T>>
                implements GrpcChannelBuilderCustomizer<T> {

            @Override
            public void customize(String name, T builder) {
                builder.intercept(new Renaming());
            }
        }
    }

    /** Calls a method that no server has. */
    private static final class Renaming implements ClientInterceptor {

        @Override
        public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
            return next.newCall(
                    method.toBuilder().setFullMethodName("test.Who/Nobody").build(), options);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @ImportGrpcClients(target = "greeter", types = HealthGrpc.HealthBlockingStub.class)
    @Import(StubUser.class)
    static class StubApplication {

        @Bean
        @GlobalClientInterceptor
        ClientInterceptor untouched() {
            return new ClientInterceptor() {
                @Override
                public <Q, R> ClientCall<Q, R> interceptCall(
                        MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
                    return next.newCall(method, options);
                }
            };
        }
    }

    record StubUser(HealthGrpc.HealthBlockingStub stub) {

        HealthCheckResponse.ServingStatus check() {
            return stub.withWaitForReady()
                    .check(HealthCheckRequest.getDefaultInstance())
                    .getStatus();
        }
    }
}
