package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static io.github.grpclb.test.GrpcLbAssertions.awaitAnswersFrom;
import static io.github.grpclb.test.GrpcLbAssertions.noCallFailsWhile;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.autoconfigure.TestApplications.ClientApplication;
import io.github.grpclb.autoconfigure.TestApplications.ClientApplicationWithPolicy;
import io.github.grpclb.autoconfigure.TestApplications.ClientApplicationWithPolicyFactory;
import io.github.grpclb.autoconfigure.TestApplications.ServerApplication;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.resolver.LiveServiceConfig;
import io.github.grpclb.resolver.ResolverArgs;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors.CheckedForwardingClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.nio.channels.ClosedChannelException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelConfigurer;
import net.devh.boot.grpc.server.config.GrpcServerProperties;
import net.devh.boot.grpc.server.serverfactory.GrpcServerLifecycle;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** Applications with the starter's wiring, over an etcd in this JVM and real gRPC. */
class GrpcLbApplicationIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    void aStubWithoutAnAddressReachesTheRegisteredServers() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        opened.add(server(at, "grpc.lb.registration.id=b"));
        Caller caller = opened.add(client(at)).getBean(Caller.class);
        await().untilAsserted(() -> assertThat(answers(4, caller::ask)).containsOnly("a", "b"));
    }

    @Test
    void aCallBoundToAServerGoesThereUnderEveryPolicy() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        opened.add(server(at, "grpc.lb.registration.id=b"));
        CallOptions toB = CallOptions.DEFAULT.withWaitForReady().withOption(RoutingKeys.SERVER_ID, "b");
        for (String policy : List.of("round_robin", "random", "pick_first")) {
            try (ConfigurableApplicationContext client = client(at, "grpc.lb.policy=" + policy)) {
                Caller caller = client.getBean(Caller.class);
                await().until(() -> answers(4, caller::ask).size() == (policy.equals("pick_first") ? 1 : 2));
                assertThat(answers(10, () -> caller.ask(toB))).containsExactly("b");
            }
        }
    }

    @Test
    void aCallWhoseConnectionBreaksIsUnavailable() {
        Caller caller = opened.add(client(WithBrokenConnections.class, at)).getBean(Caller.class);
        assertThatThrownBy(() -> caller.ask(CallOptions.DEFAULT))
                .isInstanceOfSatisfying(StatusRuntimeException.class, e -> assertThat(e.getStatus())
                        .returns(Status.Code.UNAVAILABLE, Status::getCode)
                        .returns("channel closed", Status::getDescription));
    }

    @Test
    void aFixedListNeedsNoEtcd() {
        etcd.close();
        int[] ports = IntStream.range(0, 2)
                .map(i -> opened.add(server("grpc.lb.enabled=false", "grpc.lb.registration.id=s" + i))
                        .getBean(GrpcServerProperties.class)
                        .getPort())
                .toArray();
        Caller caller = opened.add(
                        client(at, "grpc.lb.static.cluster@callee=127.0.0.1:" + ports[0] + ",127.0.0.1:" + ports[1]))
                .getBean(Caller.class);
        await().untilAsserted(() -> assertThat(answers(4, caller::askCluster)).containsOnly("s0", "s1"));
    }

    @Test
    void aClientMayCallAServiceOfAnotherName() {
        opened.add(server(at, "grpc.lb.registration.id=a", "grpc.lb.registration.service=hello"));
        Caller caller =
                opened.add(client(at, "grpc.lb.clients.greeter.service=hello")).getBean(Caller.class);
        assertThat(caller.ask()).isEqualTo("a");
    }

    @Test
    void soMayOneWhoseNameSpringShortens() {
        opened.add(server(at, "grpc.lb.registration.id=a", "grpc.lb.registration.service=hello"));
        Caller caller = opened.add(client(at, "grpc.lb.clients.cluster@callee.service=hello"))
                .getBean(Caller.class);
        assertThat(caller.askCluster()).isEqualTo("a");
    }

    @Test
    void aUsersPolicyIsUsableByItsName() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        opened.add(server(at, "grpc.lb.registration.id=b"));
        Caller caller = opened.add(client(ClientApplicationWithPolicy.class, at, "grpc.lb.policy=last_by_id"))
                .getBean(Caller.class);
        await().untilAsserted(() -> assertThat(answers(6, caller::ask)).containsExactly("b"));
    }

    @Test
    void aUsersPolicyFactoryTakesOptions() {
        opened.add(server(at, "grpc.lb.registration.id=a", "grpc.lb.registration.zone=z1"));
        opened.add(server(at, "grpc.lb.registration.id=b", "grpc.lb.registration.zone=z2"));
        Caller caller = opened.add(client(
                        ClientApplicationWithPolicyFactory.class,
                        at,
                        "grpc.lb.policy=nearest",
                        "grpc.lb.policy-options.nearest.zone=z1",
                        "grpc.lb.clients.greeter.policy-options.nearest.zone=z2"))
                .getBean(Caller.class);
        await().untilAsserted(() -> assertThat(answers(6, caller::ask)).containsExactly("b"));
    }

    @Test
    void thePolicyOfALiveChannelCanBeChanged() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        opened.add(server(at, "grpc.lb.registration.id=b"));
        ConfigurableApplicationContext client = opened.add(client(WithLiveServiceConfig.class, at));
        Caller caller = client.getBean(Caller.class);
        LiveServiceConfig live = client.getBean(LiveServiceConfig.class);
        await().untilAsserted(() -> assertThat(answers(4, caller::ask)).containsOnly("a", "b"));
        live.set(Map.of("loadBalancingConfig", List.of(Map.of("endpoint_lb", Map.of("policy", "pick_first")))));
        await().untilAsserted(() -> assertThat(answers(20, caller::ask)).hasSize(1));
        live.set(null);
        await().untilAsserted(() -> assertThat(answers(4, caller::ask)).containsOnly("a", "b"));
    }

    @Test
    void callsWithTheSameKeyInTheirContextGoToTheSameServer() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        opened.add(server(at, "grpc.lb.registration.id=b"));
        Caller caller = opened.add(client(at, "grpc.lb.policy=consistent_hash")).getBean(Caller.class);
        await().untilAsserted(() -> assertThat(answers(20, caller::ask)).containsOnly("a", "b"));
        Set<String> all = new HashSet<>();
        for (int user = 0; user < 20; user++) {
            Context context = Context.current().withValue(RoutingKeys.HASH_CONTEXT, "user" + user);
            Set<String> one = answers(5, () -> inContext(context, caller));
            assertThat(one).hasSize(1);
            all.addAll(one);
        }
        assertThat(all).containsOnly("a", "b");
    }

    @Test
    void aCallThatNamesAVersionGoesToServersOfIt() {
        opened.add(server(at, "grpc.lb.registration.id=old", "grpc.lb.registration.version=v1"));
        opened.add(server(at, "grpc.lb.registration.id=new", "grpc.lb.registration.version=v2"));
        Caller caller = opened.add(client(at, "grpc.lb.tags[0].key=version", "grpc.lb.tags[0].split.v2=0"))
                .getBean(Caller.class);
        CallOptions toNew =
                CallOptions.DEFAULT.withWaitForReady().withOption(RoutingKeys.TAGS, Map.of("version", "v2"));
        await().untilAsserted(() -> assertThat(caller.ask(toNew)).isEqualTo("new"));
        assertThat(answers(20, () -> caller.ask(toNew))).containsExactly("new");
        await().untilAsserted(() -> assertThat(answers(20, caller::ask)).containsExactly("old"));
    }

    @Test
    void healthIsAskedForAndSubsetsAreDrawnWherePropertiesSaySo() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        opened.add(server(at, "grpc.lb.registration.id=b"));
        Caller caller = opened.add(client(at, "grpc.lb.health-check.enabled=true", "grpc.lb.subset-size=1"))
                .getBean(Caller.class);
        assertThat(answers(20, caller::ask)).hasSize(1);
    }

    @Test
    void callsSayWhyNoServerIsKnown() {
        Caller caller = opened.add(client(at)).getBean(Caller.class);
        assertThatThrownBy(() -> caller.ask(CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS)))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("UNAVAILABLE")
                .hasMessageContaining("etcd:///greeter: no endpoint is registered");
    }

    @Test
    void twoContextsInOneJvmDoNotMeet() {
        EmbeddedEtcd other = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
        String atOther = "grpc.lb.etcd.endpoints=" + other.endpoint();
        opened.add(server(at, "grpc.lb.registration.id=mine"));
        opened.add(server(atOther, "grpc.lb.registration.id=other"));
        ConfigurableApplicationContext mine = client(at);
        Caller otherCaller = opened.add(client(atOther)).getBean(Caller.class);
        assertThat(answers(5, mine.getBean(Caller.class)::ask)).containsExactly("mine");
        assertThat(answers(5, otherCaller::ask)).containsExactly("other");
        mine.close();
        assertThat(answers(5, otherCaller::ask)).containsExactly("other");
    }

    @Test
    void aServerThatStopsIsWithdrawnBeforeItsPortCloses() throws Exception {
        ConfigurableApplicationContext leaving =
                server(at, "grpc.lb.registration.id=a", "grpc.lb.registration.drain.quiet-period=50ms");
        ServerLifecycle registration = leaving.getBean(ServerLifecycle.class);
        await().untilAsserted(() -> assertThat(registration.registration())
                .hasValueSatisfying(it -> assertThat(it.registered()).isCompleted()));
        Caller caller = opened.add(client(at)).getBean(Caller.class);
        assertThat(caller.ask()).isEqualTo("a");
        opened.add(server(at, "grpc.lb.registration.id=b"));
        awaitAnswersFrom(caller::ask, "a", "b");
        noCallFailsWhile(() -> caller.ask(CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS)), leaving::close);
        assertThat(answers(50, () -> caller.ask(CallOptions.DEFAULT))).containsExactly("b");
    }

    @Test
    void switchedOffItTakesNoPart() {
        ConfigurableApplicationContext off = opened.add(server(at, "grpc.lb.enabled=false"));
        assertThat(off.getBeanNamesForType(ServerLifecycle.class)).isEmpty();
        assertThat(off.getBeanDefinitionNames()).noneMatch(name -> name.startsWith("grpcLb"));
    }

    @Test
    void anApplicationThatServesNothingOfItsOwnIsNotAnnounced() {
        ConfigurableApplicationContext client =
                opened.add(client(at, "grpc.server.port=0", "grpc.server.address=127.0.0.1"));
        assertThat(client.getBean(ServerLifecycle.class).registration()).isEmpty();
    }

    @Test
    void anApplicationWithoutServicesOpensNoPortUnlessItIsAskedTo() {
        ConfigurableApplicationContext client =
                opened.add(TestApplications.start(ClientApplication.class, Map.of(), at));
        assertThat(client.getBeanNamesForType(GrpcServerLifecycle.class)).isEmpty();
        ConfigurableApplicationContext server = opened.add(TestApplications.start(
                ServerApplication.class,
                Map.of("grpc.server.address", "127.0.0.1", "spring.application.name", "greeter"),
                at,
                "grpc.server.port=0"));
        assertThat(server.getBeanNamesForType(GrpcServerLifecycle.class)).hasSize(1);
    }

    @Test
    @FaultRow(51)
    void closedContextsLeaveNoThreadBehind() {
        String embedded = "grpc.lb.etcd.embedded.enabled=true";
        Set<Thread> before = ourThreads();
        for (int i = 0; i < 5; i++) {
            try (ConfigurableApplicationContext context =
                    server(embedded, "grpc.lb.registration.drain.quiet-period=0")) {
                await().untilAsserted(() -> assertThat(context.getBean(ServerLifecycle.class)
                                .registration()
                                .orElseThrow()
                                .registered())
                        .isCompleted());
            }
        }
        etcd.close();
        await().untilAsserted(() -> assertThat(ourThreads()).isSubsetOf(before));
    }

    private static Set<Thread> ourThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().matches("(grpc-lb|embedded-etcd).*"))
                .collect(Collectors.toSet());
    }

    private static String inContext(Context context, Caller caller) {
        Context before = context.attach();
        try {
            return caller.ask();
        } finally {
            context.detach(before);
        }
    }

    private static Set<String> answers(int calls, Supplier<String> ask) {
        return IntStream.range(0, calls).mapToObj(i -> ask.get()).collect(Collectors.toSet());
    }

    /** What docs/routing.md shows. */
    @Configuration(proxyBeanMethods = false)
    @Import(ClientApplication.class)
    static class WithLiveServiceConfig {

        @Bean
        LiveServiceConfig live() {
            return new LiveServiceConfig();
        }

        @Bean
        GrpcChannelConfigurer withLiveServiceConfig(LiveServiceConfig live) {
            return (channel, client) -> channel.setNameResolverArg(ResolverArgs.SERVICE_CONFIG, live);
        }
    }

    /** Fails every call as grpc-netty does, below what the starter adds to a channel. */
    @Configuration(proxyBeanMethods = false)
    @Import(ClientApplication.class)
    static class WithBrokenConnections {

        @Bean
        @Order(Ordered.HIGHEST_PRECEDENCE)
        GrpcChannelConfigurer withBrokenConnections() {
            return (channel, client) -> channel.intercept(new ClientInterceptor() {
                @Override
                public <Q, R> ClientCall<Q, R> interceptCall(
                        MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
                    return new CheckedForwardingClientCall<>(next.newCall(method, options)) {
                        @Override
                        protected void checkedStart(Listener<R> listener, Metadata headers) throws StatusException {
                            throw Status.UNKNOWN
                                    .withDescription("channel closed")
                                    .withCause(new ClosedChannelException())
                                    .asException();
                        }
                    };
                }
            });
        }
    }
}
