package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.resolver.ResolverArgs;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What stands over every policy, with real channels to real servers on loopback. */
class StepsIT {

    private static final String SERVICE = "svc";
    private static final CallOptions PLAIN = CallOptions.DEFAULT;
    private static final Map<String, ?> QUICK_EJECTION = Map.of(
            "interval",
            "0.2s",
            "baseEjectionTime",
            "2s",
            "failurePercentageEjection",
            Map.of("threshold", 50, "minimumHosts", 1, "requestVolume", 5));

    private final FakeEndpointSource source = new FakeEndpointSource();
    private final ChannelMemory memory = new ChannelMemory(Policies.with(List.of()));
    private final Map<String, TestServer> servers = new TreeMap<>();
    private final List<ManagedChannel> channels = new ArrayList<>();

    static Set<String> policies() {
        return Policies.with(List.of()).names();
    }

    @AfterEach
    void stopAll() throws InterruptedException {
        for (ManagedChannel channel : channels) {
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
        for (TestServer server : servers.values()) {
            server.close();
        }
    }

    @ParameterizedTest
    @MethodSource("policies")
    void ejectsAServerThatFailsAndLetsItBack(String policy) {
        publish(server("a"), server("b"), server("c"));
        ManagedChannel channel = channel("endpoint_lb", policy, Map.of("outlierDetection", QUICK_EJECTION));
        awaitReady(channel, policy);
        String failing = answer(channel, PLAIN);
        servers.get(failing).fail(true);
        CallOptions bound = PLAIN.withOption(RoutingKeys.SERVER_ID, failing);
        await().pollInterval(Duration.ofMillis(1)).until(() -> {
            answer(channel, PLAIN);
            // a policy that shuns it by itself would not give it the calls to be judged by
            answer(channel, bound);
            return !memory.state().ejected().isEmpty();
        });
        assertThat(memory.state().ejected()).extracting(Endpoint.Identity::name).containsExactly(failing);
        int calls = servers.get(failing).calls();
        Set<String> others = new TreeSet<>(servers.keySet());
        others.remove(failing);
        assertThat(others).containsAll(answers(channel, 20).keySet());
        assertThat(servers.get(failing).calls()).isEqualTo(calls);
        servers.get(failing).fail(false);
        await().until(() -> memory.state().ejected().isEmpty());
        publishOnly(failing);
        await().until(() -> answer(channel, PLAIN).equals(failing));
        assertThat(connections()).isEqualTo(3);
    }

    @ParameterizedTest
    @MethodSource("policies")
    void leavesOutAServerThatSaysItDoesNotServe(String policy) {
        publish(server("a"), server("b"), server("c"));
        ManagedChannel channel = channel("endpoint_lb_health", policy, Map.of());
        awaitReady(channel, policy);
        String chosen = answer(channel, PLAIN);
        servers.get(chosen).serves(false);
        await().atMost(Duration.ofSeconds(1)).pollInterval(Duration.ofMillis(5)).until(() -> !answers(channel, 30)
                .containsKey(chosen));
        servers.values().stream()
                .filter(server -> server != servers.get(chosen))
                .forEach(server -> server.serves(false));
        servers.get(chosen).serves(true);
        await().atMost(Duration.ofSeconds(1)).pollInterval(Duration.ofMillis(5)).until(() -> answer(channel, PLAIN)
                .equals(chosen));
        assertThat(connections()).isEqualTo(3);
    }

    @Test
    void sendsCallsToTheVersionThatTheyNameAndACanaryItsShare() {
        TestServer stable = server("stable");
        TestServer canary = server("canary");
        source.publish(
                SERVICE,
                FakeEndpointSource.endpoint(SERVICE, stable).version("v1").build(),
                FakeEndpointSource.endpoint(SERVICE, canary).version("v2").build());
        Map<String, ?> rule = Map.of("key", "version", "header", "x-version", "split", Map.of("v2", 10));
        ManagedChannel channel = channel("endpoint_lb", "round_robin", Map.of("tags", List.of(rule)));
        awaitReady(channel, "round_robin");
        CallOptions v2 = PLAIN.withOption(RoutingKeys.TAGS, Map.of("version", "v2"));
        for (int i = 0; i < 20; i++) {
            assertThat(answer(channel, v2)).isEqualTo("canary");
        }
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("x-version", Metadata.ASCII_STRING_MARSHALLER), "v1");
        assertThat(TestServer.ask(
                        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)),
                        PLAIN))
                .isEqualTo("stable");
        assertThat(answers(channel, 2_000).get("canary")).isBetween(120, 290);
        assertThat(answer(channel, PLAIN.withOption(RoutingKeys.TAGS, Map.of("version", "v9"))))
                .isEqualTo("UNAVAILABLE: tags: no endpoint with version 'v9' (2 ready of 2 known)");
    }

    /** They finish what they have: one that dies may lose the call that is on its way to it. */
    @Test
    void losesNoCallWhenTheServersOfItsZoneLeave() throws Exception {
        TestServer own1 = server("own1");
        TestServer own2 = server("own2");
        TestServer other = server("other");
        source.publish(
                SERVICE,
                FakeEndpointSource.endpoint(SERVICE, own1).zone("a").build(),
                FakeEndpointSource.endpoint(SERVICE, own2).zone("a").build(),
                FakeEndpointSource.endpoint(SERVICE, other).zone("b").build());
        ManagedChannel channel = channel("endpoint_lb", "round_robin", Map.of("zone", Map.of("own", "a")));
        await().until(() -> answers(channel, 10).keySet().equals(Set.of("own1", "own2")));
        await().until(() -> other.connections() == 1);
        own1.stop();
        await().pollInterval(Duration.ofMillis(1))
                .until(() -> answers(channel, 50).keySet().equals(Set.of("own2", "other")));
        own2.stop();
        await().pollInterval(Duration.ofMillis(1))
                .until(() -> answers(channel, 20).keySet().equals(Set.of("other")));
    }

    @Test
    void standsBelowGrpcsOwnSubsettingWithoutChurn() {
        List<Endpoint> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(FakeEndpointSource.endpoint(SERVICE, server("s" + i)).build());
        }
        source.publish(SERVICE, all);
        ManagedChannel channel = build(Map.of(
                "loadBalancingConfig",
                List.of(Map.of(
                        "random_subsetting_experimental",
                        Map.of(
                                "subsetSize",
                                4,
                                "childPolicy",
                                List.of(Map.of("endpoint_lb", Map.of("policy", "round_robin"))))))));
        Set<String> before = new HashSet<>();
        await().until(() -> {
            before.add(answer(channel, PLAIN));
            return before.size() == 4;
        });
        await().until(() -> connections() == 4);
        assertThat(answers(channel, 40).keySet()).isEqualTo(before);

        // weights and the others' coming and going move nobody
        List<Endpoint> heavier = new ArrayList<>();
        all.forEach(endpoint -> heavier.add(endpoint.toBuilder().weight(7).build()));
        source.publish(SERVICE, heavier);
        heavier.removeIf(
                endpoint -> !before.contains(endpoint.id()) && endpoint.id().compareTo("s5") < 0);
        source.publish(SERVICE, heavier);
        assertThat(answers(channel, 40).keySet()).isEqualTo(before);
        assertThat(connections()).isEqualTo(4);

        // one that leaves is replaced by one
        String gone = before.iterator().next();
        // it drains first: with those that vanished above, it could else be the one that makes them a mass expiry
        heavier.replaceAll(endpoint -> gone.equals(endpoint.id())
                ? endpoint.toBuilder().state(Endpoint.State.DRAINING).build()
                : endpoint);
        source.publish(SERVICE, heavier);
        heavier.removeIf(endpoint -> gone.equals(endpoint.id()));
        source.publish(SERVICE, heavier);
        await().until(() -> connections() == 5 && answers(channel, 20).keySet().size() == 4);
        Set<String> after = new HashSet<>(answers(channel, 40).keySet());
        after.retainAll(before);
        assertThat(after).hasSize(3).doesNotContain(gone);
    }

    /** A subset is drawn from who is registered: those that vanished take nobody's place in it, alive or dead. */
    @Test
    @FaultRow(8)
    void subsettingHasAPlaceForWhoIsStillRegistered() throws InterruptedException {
        List<Endpoint> all = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            all.add(FakeEndpointSource.endpoint(SERVICE, server("s" + i)).build());
        }
        source.publish(SERVICE, all);
        ManagedChannel channel = build(Map.of(
                "loadBalancingConfig",
                List.of(Map.of(
                        "random_subsetting_experimental",
                        Map.of("subsetSize", 2, "childPolicy", List.of(Map.of("endpoint_lb", Map.of())))))));
        await().until(() -> answers(channel, 20).size() == 2 && connections() == 2);
        Set<String> subset = Set.copyOf(answers(channel, 20).keySet());
        Endpoint left = all.stream()
                .filter(endpoint -> !subset.contains(endpoint.id()))
                .findFirst()
                .orElseThrow();
        source.publish(SERVICE, left);
        await().until(() -> answers(channel, 30).size() == 3);
        assertThat(answers(channel, 30)).containsKeys(left.id()).containsKeys(subset.toArray(String[]::new));
        assertThat(connections()).isEqualTo(3);
        for (String id : subset) {
            servers.get(id).stop();
        }
        await().until(() -> answers(channel, 30).equals(Map.of(left.id(), 30)));
    }

    /** Whoever a call names is connected to for it, whether or not it is in the subset. */
    @Test
    void callsThatNameAServerATagOrAKeyReachWhomTheyNameBeyondTheSubset() {
        List<Endpoint> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            all.add(FakeEndpointSource.endpoint(SERVICE, server("s" + i))
                    .version(i == 7 ? "v2" : "v1")
                    .build());
        }
        source.publish(SERVICE, all);
        Map<String, ?> tags = Map.of("subsetSize", 2, "tags", List.of(Map.of("key", "version")));
        ManagedChannel channel = channel("endpoint_lb", "round_robin", tags);
        assertThat(answers(channel, 1).values()).containsExactly(1);
        await().until(() -> connections() == 2 && answers(channel, 20).size() == 2);
        Set<String> subset = Set.copyOf(answers(channel, 20).keySet());
        for (int i = 0; i < 8; i++) {
            assertThat(answer(channel, PLAIN.withOption(RoutingKeys.SERVER_ID, "s" + i)))
                    .isEqualTo("s" + i);
        }
        assertThat(connections()).isEqualTo(8);
        assertThat(answers(channel, 40).keySet()).isEqualTo(subset);
        ManagedChannel fresh = channel("endpoint_lb", "round_robin", tags);
        CallOptions v2 = PLAIN.withOption(RoutingKeys.TAGS, Map.of("version", "v2"));
        for (int i = 0; i < 10; i++) {
            assertThat(answer(fresh, v2)).isEqualTo("s7");
        }

        ManagedChannel one = channel("endpoint_lb", "consistent_hash", Map.of("subsetSize", 2));
        ManagedChannel other = channel("endpoint_lb", "consistent_hash", Map.of("subsetSize", 2));
        Set<String> owners = new TreeSet<>();
        for (int i = 0; i < 60; i++) {
            CallOptions key = PLAIN.withOption(RoutingKeys.HASH_KEY, "user-" + i);
            String owner = answer(one, key);
            assertThat(answer(other, key)).isEqualTo(owner);
            owners.add(owner);
        }
        assertThat(owners).hasSizeGreaterThan(4);
    }

    private TestServer server(String id) {
        TestServer server = TestServer.start(id);
        servers.put(id, server);
        return server;
    }

    private void publish(TestServer... some) {
        source.publish(
                SERVICE,
                List.of(some).stream()
                        .map(server ->
                                FakeEndpointSource.endpoint(SERVICE, server).build())
                        .toList());
    }

    private void publishOnly(String id) {
        source.publish(
                SERVICE,
                servers.values().stream()
                        .map(server -> FakeEndpointSource.endpoint(SERVICE, server)
                                .state(server == servers.get(id) ? Endpoint.State.UP : Endpoint.State.DRAINING)
                                .build())
                        .toList());
        publish(servers.get(id));
    }

    private int connections() {
        return servers.values().stream().mapToInt(TestServer::connections).sum();
    }

    private ManagedChannel channel(String balancer, String policy, Map<String, ?> steps) {
        Map<String, Object> config = new HashMap<>(steps);
        config.put("policy", policy);
        return build(Map.of(
                "healthCheckConfig",
                Map.of("serviceName", ""),
                "loadBalancingConfig",
                List.of(Map.of(balancer, config))));
    }

    private ManagedChannel build(Map<String, ?> serviceConfig) {
        ManagedChannel channel = NettyChannelBuilder.forTarget("etcd:///" + SERVICE)
                .usePlaintext()
                .defaultLoadBalancingPolicy(PolicyLoadBalancerProvider.NAME)
                .defaultServiceConfig(serviceConfig)
                .setNameResolverArg(ResolverArgs.SOURCE, source)
                .setNameResolverArg(BalancerArgs.MEMORY, memory)
                .setNameResolverArg(BalancerArgs.LOADS, new EndpointLoads())
                .build();
        channels.add(channel);
        return channel;
    }

    /** Waits until all servers are connected to, so that none is ready only by and by. */
    private void awaitReady(ManagedChannel channel, String policy) {
        await().until(() -> channel.getState(true) == ConnectivityState.READY && connections() == servers.size());
        Set<String> seen = new HashSet<>();
        await().until(() -> {
            seen.add(answer(channel, PLAIN));
            return policy.equals("pick_first") || seen.size() == servers.size();
        });
    }

    /** Returns who answered, or why nobody did. */
    private static String answer(ManagedChannel channel, CallOptions options) {
        try {
            return TestServer.ask(channel, options.withDeadlineAfter(5, TimeUnit.SECONDS));
        } catch (StatusRuntimeException e) {
            return e.getStatus().toString().replaceFirst(".*code=(\\w+), description=(.*), cause=.*", "$1: $2");
        }
    }

    /** Makes calls none of which may fail. */
    private static Map<String, Integer> answers(ManagedChannel channel, int calls) {
        Map<String, Integer> answers = new TreeMap<>();
        for (int i = 0; i < calls; i++) {
            answers.merge(TestServer.ask(channel, PLAIN.withDeadlineAfter(5, TimeUnit.SECONDS)), 1, Integer::sum);
        }
        return answers;
    }
}
