package io.github.grpclb.resolver;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.PolicyLoadBalancerProvider;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Endpoint.State;
import io.github.grpclb.discovery.hosts.HostLookup;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FakeSubchannel;
import io.github.grpclb.testing.FaultRow;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.NameResolver;
import io.grpc.NameResolver.ResolutionResult;
import io.grpc.Status;
import io.grpc.StatusOr;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Resolver and balancer as a channel has them, with servers and a registry that do what chance says. Time and connections are fake.
 */
@FaultRow({8, 36})
class SuspectsSimulationTest {

    private static final int SERVERS = 7;
    private static final Duration STALE_MAX = Duration.ofSeconds(60);

    @Test
    void holdsItsRulesWhateverHappens() {
        int keptSuspects = 0;
        for (long seed = 0; seed < 300; seed++) {
            World world = new World(seed);
            for (int step = 0; step < 150; step++) {
                world.step();
                world.check("seed " + seed + ", step " + step);
            }
            keptSuspects += world.suspectsSeen;
        }
        assertThat(keptSuspects).as("suspects in use, over all steps").isGreaterThan(1_000);
    }

    private static final class World {

        private final Random chance;
        private final FakeEndpointSource source = new FakeEndpointSource();
        private final FakeHelper helper = new FakeHelper(NameResolver.Args.newBuilder()
                .setArg(ResolverArgs.SOURCE, source)
                .setArg(ResolverArgs.STALE_MAX, STALE_MAX));
        private final LoadBalancer balancer = new PolicyLoadBalancerProvider().newLoadBalancer(helper);
        private final TreeMap<Integer, Endpoint> listed = new TreeMap<>();
        private final Map<Integer, State> lastState = new HashMap<>();
        private final Map<Integer, Duration> unlistedFor = new HashMap<>();
        private final Set<Integer> alive = new HashSet<>();
        private final Map<FakeSubchannel, Integer> answered = new HashMap<>();
        private final Set<FakeSubchannel> ready = new HashSet<>();
        private boolean reachable = true;
        private int suspectsSeen;

        World(long seed) {
            chance = new Random(seed);
            EndpointNameResolver resolver = new EndpointNameResolver(
                    "etcd:///svc", "svc", helper.getNameResolverArgs(), HostLookup.JVM, () -> helper.clock()
                            .nanoTime());
            helper.inSyncContext(() -> resolver.start(new AsTheChannelDoes()));
            for (int port = 1; port <= SERVERS; port++) {
                alive.add(port);
                listed.put(port, endpoint(port, State.UP));
            }
            publish();
            settle();
        }

        void step() {
            int port = 1 + chance.nextInt(SERVERS);
            switch (chance.nextInt(10)) {
                case 0 -> vanish(1 + chance.nextInt(SERVERS));
                case 1 -> vanish(SERVERS);
                case 2 -> vanish(1);
                case 3, 4 -> register(port);
                case 5 -> drain(port);
                case 6 -> kill(port);
                case 7 -> revive(port);
                case 8 -> turn();
                default -> pass(Duration.ofMillis(chance.nextInt(chance.nextBoolean() ? 3_000 : 40_000)));
            }
            settle();
        }

        void check(String when) {
            Set<Integer> open = new HashSet<>();
            for (FakeSubchannel subchannel : helper.subchannels()) {
                if (!subchannel.isShutdown()) {
                    assertThat(open.add(subchannel.port()))
                            .as("%s: one connection to %s", when, subchannel.port())
                            .isTrue();
                }
                int port = subchannel.port();
                if (listed.containsKey(port) || subchannel.isShutdown()) {
                    continue;
                }
                assertThat(ready)
                        .as("%s: a connection that failed is not kept", when)
                        .contains(subchannel);
                assertThat(lastState.get(port)).as("%s: %s drained", when, port).isEqualTo(State.UP);
                assertThat(unlistedFor.get(port))
                        .as("%s: %s is stale", when, port)
                        .isLessThan(STALE_MAX);
            }
            assertThat(open).as("%s: who is listed", when).containsAll(listed.keySet());
            checkCalls(when, open);
        }

        private void checkCalls(String when, Set<Integer> open) {
            boolean usable = ready.stream()
                    .anyMatch(subchannel -> !subchannel.isShutdown() && listed.containsKey(subchannel.port()));
            for (int i = 0; i < 2 * SERVERS; i++) {
                PickResult pick = helper.pick(FakeCall.PLAIN);
                if (pick.getSubchannel() instanceof FakeSubchannel picked) {
                    assertThat(open).as("%s: where a call goes", when).contains(picked.port());
                    suspectsSeen += listed.containsKey(picked.port()) ? 0 : 1;
                } else {
                    assertThat(usable).as("%s: %s", when, pick).isFalse();
                }
            }
            if (open.isEmpty()) {
                Status status = helper.pick(FakeCall.PLAIN).getStatus();
                assertThat(status.getCode()).as(when).isEqualTo(Status.Code.UNAVAILABLE);
                assertThat(status.getDescription()).as(when).isEqualTo("etcd:///svc: no endpoint is registered");
            }
        }

        private void vanish(int count) {
            for (int i = 0; i < count && !listed.isEmpty(); i++) {
                List<Integer> ports = List.copyOf(listed.keySet());
                listed.remove(ports.get(chance.nextInt(ports.size())));
            }
            publish();
        }

        private void register(int port) {
            listed.put(port, endpoint(port, State.UP));
            publish();
        }

        private void drain(int port) {
            if (listed.containsKey(port)) {
                listed.put(port, endpoint(port, State.DRAINING));
                publish();
                if (chance.nextBoolean()) {
                    listed.remove(port);
                    publish();
                }
            }
        }

        private void kill(int port) {
            alive.remove(port);
            for (FakeSubchannel subchannel : List.copyOf(helper.subchannels())) {
                if (subchannel.port() == port && ready.remove(subchannel) && !subchannel.isShutdown()) {
                    subchannel.idle();
                }
            }
        }

        private void revive(int port) {
            alive.add(port);
            for (FakeSubchannel subchannel : List.copyOf(helper.subchannels())) {
                if (subchannel.port() == port && !subchannel.isShutdown() && !ready.contains(subchannel)) {
                    ready.add(subchannel);
                    subchannel.ready();
                }
            }
        }

        private void turn() {
            reachable = !reachable;
            source.reachable("svc", reachable);
        }

        private void publish() {
            reachable = true;
            source.reachable("svc", true);
            listed.forEach((port, endpoint) -> lastState.put(port, endpoint.state()));
            listed.keySet().forEach(unlistedFor::remove);
            for (int port = 1; port <= SERVERS; port++) {
                if (!listed.containsKey(port)) {
                    unlistedFor.putIfAbsent(port, Duration.ZERO);
                }
            }
            source.publish("svc", List.copyOf(listed.values()));
        }

        private void settle() {
            pass(Duration.ofMillis(10));
            for (FakeSubchannel subchannel : List.copyOf(helper.subchannels())) {
                int asked = subchannel.connectionRequests();
                if (asked > answered.getOrDefault(subchannel, 0)) {
                    assertThat(listed).as("only who is listed is connected to").containsKey(subchannel.port());
                    answered.put(subchannel, asked);
                    if (!subchannel.isShutdown() && alive.contains(subchannel.port())) {
                        ready.add(subchannel);
                        subchannel.ready();
                    } else if (!subchannel.isShutdown()) {
                        subchannel.fails("refused");
                    }
                }
            }
            pass(Duration.ofMillis(10));
        }

        private void pass(Duration time) {
            if (reachable) {
                unlistedFor.replaceAll((port, before) -> before.plus(time));
            }
            helper.clock().forward(time);
        }

        private static Endpoint endpoint(int port, State state) {
            return Endpoint.builder("svc", "127.0.0.1", port)
                    .id("s" + port)
                    .state(state)
                    .build();
        }

        private final class AsTheChannelDoes extends NameResolver.Listener2 {

            @Override
            public void onResult(ResolutionResult result) {
                StatusOr<List<EquivalentAddressGroup>> addresses = result.getAddressesOrError();
                if (addresses.hasValue()) {
                    balancer.acceptResolvedAddresses(ResolvedAddresses.newBuilder()
                            .setAddresses(addresses.getValue())
                            .setAttributes(result.getAttributes())
                            .build());
                } else {
                    balancer.handleNameResolutionError(addresses.getStatus());
                }
            }

            @Override
            public void onError(Status error) {
                throw new AssertionError("superseded by onResult2");
            }
        }
    }
}
