package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.pick.FakeServers;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FakeSubchannel;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds whatever happens, in whatever order: lists, connections that come and go, policies, errors. */
class PolicyLoadBalancerSimulationTest {

    private static final List<String> POLICIES =
            List.of("round_robin", "random", "weighted_random", "weighted_round_robin", "pick_first", "no_such_policy");

    private final PolicyLoadBalancerProvider provider = new PolicyLoadBalancerProvider();
    private final FakeHelper helper = new FakeHelper();
    private final LoadBalancer balancer = provider.newLoadBalancer(helper);
    private final Set<FakeSubchannel> ready = new HashSet<>();
    private Set<Integer> listed = Set.of();
    private Set<Integer> disabled = Set.of();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void picksOnlyWhatIsListedAndReady(long seed) {
        Random chance = new Random(seed);
        accept(chance);
        for (int step = 0; step < 1_000; step++) {
            act(chance);
            if (chance.nextInt(3) == 0) {
                helper.clock().forward(Duration.ofMillis(5));
                check();
            }
        }
        helper.inSyncContext(balancer::shutdown);
        assertThat(helper.subchannels()).allMatch(FakeSubchannel::isShutdown);
        assertThat(helper.clock().pending()).isZero();
    }

    private void act(Random chance) {
        FakeSubchannel any =
                helper.subchannels().get(chance.nextInt(helper.subchannels().size()));
        switch (chance.nextInt(8)) {
            case 0 -> accept(chance);
            case 1 -> helper.inSyncContext(() -> balancer.handleNameResolutionError(Status.UNAVAILABLE));
            case 2 -> leave(any, any::idle);
            case 3 -> leave(any, any::connecting);
            case 4 -> leave(any, () -> any.fails("refused"));
            default -> {
                any.ready();
                if (!any.isShutdown()) {
                    ready.add(any);
                }
            }
        }
    }

    private void leave(FakeSubchannel subchannel, Runnable how) {
        how.run();
        ready.remove(subchannel);
    }

    private void accept(Random chance) {
        List<Endpoint.Builder> servers = new ArrayList<>();
        Set<Integer> ports = new TreeSet<>();
        Set<Integer> without = new TreeSet<>();
        int first = 1 + chance.nextInt(12);
        for (int i = 0; i < 12; i++) {
            int port = 1 + (first + i) % 12;
            if (chance.nextInt(3) > 0 || ports.isEmpty()) {
                servers.add(server(port, chance));
                ports.add(port);
                if (servers.get(servers.size() - 1).build().state() == Endpoint.State.DISABLED) {
                    without.add(port);
                }
            }
        }
        listed = ports;
        disabled = without;
        String policy = POLICIES.get(chance.nextInt(POLICIES.size()));
        LbConfig config = (LbConfig) provider.parseLoadBalancingPolicyConfig(Map.of("policy", policy))
                .getConfig();
        if (helper.published() == 0) {
            config = null;
        }
        ResolvedAddresses list =
                BalancerScene.list(config, BalancerScene.groups(servers.toArray(Endpoint.Builder[]::new)));
        helper.inSyncContext(() -> balancer.acceptResolvedAddresses(list));
        ready.removeIf(FakeSubchannel::isShutdown);
    }

    private static Endpoint.Builder server(int port, Random chance) {
        return FakeServers.endpoint(port)
                .weight(chance.nextInt(4))
                .state(
                        switch (chance.nextInt(6)) {
                            case 0 -> Endpoint.State.DRAINING;
                            case 1 -> Endpoint.State.DISABLED;
                            default -> Endpoint.State.UP;
                        });
    }

    private void check() {
        assertThat(helper.subchannels().stream()
                        .filter(subchannel -> !subchannel.isShutdown())
                        .map(FakeSubchannel::port))
                .containsExactlyInAnyOrderElementsOf(listed);
        Set<Integer> readyPorts = ready.stream().map(FakeSubchannel::port).collect(Collectors.toSet());
        Set<Integer> takingCalls = new TreeSet<>(readyPorts);
        takingCalls.removeAll(disabled);
        boolean allDisabled = disabled.equals(listed);
        assertThat(helper.state() == ConnectivityState.READY)
                .isEqualTo(allDisabled ? !readyPorts.isEmpty() : !takingCalls.isEmpty());
        for (int i = 0; i < 5; i++) {
            PickResult result = helper.pick(FakeCall.PLAIN);
            if (takingCalls.isEmpty()) {
                assertThat(result.getSubchannel()).isNull();
                assertThat(result.hasResult() || !allDisabled).isTrue();
            } else {
                FakeSubchannel chosen = (FakeSubchannel) result.getSubchannel();
                assertThat(ready).contains(chosen);
                assertThat(takingCalls).contains(chosen.port());
            }
        }
        for (int port = 1; port <= 12; port++) {
            PickResult result = helper.pick(FakeCall.with(RoutingKeys.SERVER_ID, "s" + port));
            if (readyPorts.contains(port)) {
                assertThat(((FakeSubchannel) result.getSubchannel()).port()).isEqualTo(port);
            } else {
                assertThat(result.getSubchannel()).isNull();
                assertThat(result.isDrop()).isEqualTo(!listed.contains(port));
            }
        }
    }
}
