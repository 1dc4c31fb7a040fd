package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.BalancerScene.groups;
import static io.github.grpclb.balancer.BalancerScene.list;
import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.EndpointCounts;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FakeHelper;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a balancer does with the loads and the observer of its context. */
class LoadSharingTest {

    private final FakeClock clock = new FakeClock();
    private final EndpointLoads loads = new EndpointLoads(Duration.ofMinutes(5), clock::nanoTime);
    private final List<String> told = new ArrayList<>();
    private final ChannelMemory memory = new ChannelMemory(new PolicyTable(
            Map.of("round_robin", options -> new First("round_robin")), List.of(new First("other")), List.of()));
    private final FakeHelper helper = newHelper();
    private final PolicyLoadBalancer balancer = new PolicyLoadBalancer(helper, memory);

    @Test
    void loadsStayOverListsPoliciesAndIdleTimes() {
        accept(LbConfig.DEFAULT, endpoint(1), endpoint(2));
        EndpointLoad first = load(endpoint(1));
        first.started(0);
        accept(LbConfig.DEFAULT, endpoint(1), endpoint(2).weight(7), endpoint(3));
        accept(LbConfig.parse(Map.of("policy", "other")), endpoint(3), endpoint(1));
        helper.subchannel(1).idle();
        helper.subchannel(1).ready();
        helper.inSyncContext(balancer::shutdown);
        clock.forward(Duration.ofMinutes(4));
        assertThat(load(endpoint(1))).isSameAs(first);

        FakeHelper later = newHelper();
        PolicyLoadBalancer next = new PolicyLoadBalancer(later, memory);
        later.inSyncContext(() -> next.acceptResolvedAddresses(list(LbConfig.DEFAULT, groups(endpoint(1)))));
        clock.forward(Duration.ofHours(1));
        assertThat(load(endpoint(1))).isSameAs(first);
        assertThat(first.inFlight()).isEqualTo(1);
        assertThat(load(endpoint(2))).isNull();
    }

    @Test
    void aServerThatWasRestartedOnItsAddressBeginsAnew() {
        Endpoint.Builder before = endpoint(1).startedAt(1);
        Endpoint.Builder after = endpoint(1).startedAt(2);
        accept(LbConfig.DEFAULT, before);
        helper.subchannel(1).ready();
        EndpointLoad old = load(before);
        accept(LbConfig.DEFAULT, after);
        assertThat(load(after)).isNotNull().isNotSameAs(old);
        clock.forward(Duration.ofMinutes(5));
        assertThat(load(before)).isNull();
        assertThat(helper.subchannels()).hasSize(1);
    }

    @Test
    void everyCandidateHasItsLoad() {
        accept(LbConfig.DEFAULT, endpoint(1));
        helper.subchannel(1).ready();
        PickResult picked = helper.pick(FakeCall.PLAIN);
        assertThat(picked.getStreamTracerFactory()).isNotNull();
        assertThat(helper.pick(FakeCall.PLAIN)).isSameAs(picked);
    }

    @Test
    void tellsTheObserverHowManyEndpointsAreInWhichState() {
        accept(LbConfig.DEFAULT, endpoint(1), endpoint(2));
        helper.subchannel(1).ready();
        helper.subchannel(2).fails("refused");
        helper.clock().forward(Duration.ofMillis(5));
        accept(LbConfig.DEFAULT, endpoint(1).state(Endpoint.State.DRAINING), endpoint(2));
        helper.inSyncContext(balancer::shutdown);
        assertThat(told)
                .containsExactly(
                        "svc 0/0/0/0/0 -> 0/2/0/0/0",
                        "svc 0/2/0/0/0 -> 1/1/0/0/0",
                        "svc 1/1/0/0/0 -> 1/0/0/1/0",
                        "svc 1/0/0/1/0 -> 0/0/0/1/1",
                        "svc 0/0/0/1/1 -> 0/0/0/0/0");
    }

    @Test
    void tellsTheObserverWhyAPickFoundNoServer() {
        helper.inSyncContext(() -> balancer.handleNameResolutionError(Status.UNAVAILABLE));
        helper.pick(FakeCall.PLAIN);
        accept(LbConfig.DEFAULT, endpoint(1));
        helper.pick(FakeCall.with(RoutingKeys.SERVER_ID, "s9"));
        helper.subchannel(1).fails("refused");
        helper.pick(FakeCall.PLAIN);
        helper.subchannel(1).ready();
        accept(LbConfig.parse(Map.of("policy", "other")), endpoint(1));
        helper.pick(FakeCall.PLAIN);
        helper.pick(FakeCall.withHeader("broken", "yes"));
        assertThat(told.stream().filter(event -> !event.contains("->")))
                .containsExactly(
                        "svc  NO_ENDPOINT",
                        "svc round_robin SERVER_ID",
                        "svc round_robin NOT_READY",
                        "svc other NO_CANDIDATE",
                        "svc other POLICY_ERROR");
    }

    private FakeHelper newHelper() {
        return new FakeHelper(NameResolver.Args.newBuilder()
                .setArg(BalancerArgs.LOADS, loads)
                .setArg(BalancerArgs.OBSERVER, new Recorder()));
    }

    private EndpointLoad load(Endpoint.Builder server) {
        return loads.all().stream()
                .filter(load -> load.identity().equals(server.build().identity()))
                .findFirst()
                .orElse(null);
    }

    private void accept(LbConfig config, Endpoint.Builder... servers) {
        helper.inSyncContext(() -> balancer.acceptResolvedAddresses(list(config, groups(servers))));
    }

    private final class Recorder implements PickObserver {

        @Override
        public void pickFailed(String service, String policy, Failure failure) {
            told.add(service + " " + policy + " " + failure);
        }

        @Override
        public void endpointsChanged(String service, EndpointCounts before, EndpointCounts now) {
            told.add(service + " " + text(before) + " -> " + text(now));
        }

        private String text(EndpointCounts counts) {
            return counts.ready() + "/" + counts.connecting() + "/" + counts.idle() + "/" + counts.failing() + "/"
                    + counts.draining();
        }
    }

    /** Takes the first; by the name of "other" none, and throws where a header tells it to. */
    private record First(String name) implements Policy {
        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return call -> {
                if (!call.getHeaders().keys().isEmpty()) {
                    throw new IllegalStateException("broken on purpose");
                }
                return name.equals("other") ? null : ready.get(0);
            };
        }
    }
}
