package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.BalancerScene.servers;
import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.metrics.CallMetrics;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.resolver.EndpointAwaitedException;
import io.github.grpclb.testing.FakeCall;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is told of calls that wait: to the meters, and to gRPC. */
class DelayedPicksTest {

    private static final FakeCall FOR_S2 = FakeCall.with(RoutingKeys.SERVER_ID, "s2");

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final BalancerScene scene =
            new BalancerScene(NameResolver.Args.newBuilder().setArg(BalancerArgs.OBSERVER, new CallMetrics(registry)));

    @Test
    void aCallWaitsForAnyServerToBeConnected() {
        scene.accept(servers(1, 3));
        expectDelay(scene.helper().pick(FakeCall.PLAIN), "connecting", "no endpoint is ready");
        assertThat(delayed("connecting", "round_robin")).isEqualTo(1);
        scene.helper().pick(FakeCall.PLAIN);
        assertThat(delayed("connecting", "round_robin")).isEqualTo(2);
    }

    @Test
    void aCallThatNeedNotWaitIsNotCounted() {
        scene.acceptReady(servers(1, 3));
        scene.picks(10);
        scene.helper().subchannel(1).fails("refused");
        scene.helper().subchannel(2).fails("refused");
        scene.helper().subchannel(3).fails("refused");
        scene.settle();
        assertThat(scene.helper().pick(FakeCall.PLAIN).getStatus().isOk()).isFalse();
        assertThat(registry.find("grpc.lb.picks.delayed").counters()).isEmpty();
        assertThat(registry.find("grpc.lb.picks.failed").counters()).hasSize(1);
    }

    @Test
    void aCallWaitsForTheServerThatItNames() {
        scene.accept(servers(1, 2));
        scene.helper().subchannel(1).ready();
        scene.settle();
        scene.picks(5);
        PickResult result = scene.helper().pick(FOR_S2);
        assertThat(result.hasResult()).isFalse();
        assertThat(result.getDelayType()).isEqualTo("connecting");
        assertThat(delayed("bound", "round_robin")).isEqualTo(1);
        assertThat(registry.find("grpc.lb.picks.delayed").counters()).hasSize(1);
    }

    @Test
    void aCallWaitsForTheServersThatItsTagsLeave() {
        scene.accept(
                Map.of("tags", List.of(Map.of("key", "version", "header", "x-version"))),
                endpoint(1).version("v1"),
                endpoint(2).version("v2"));
        scene.helper().subchannel(1).ready();
        scene.settle();
        expectDelay(
                scene.helper().pick(FakeCall.withHeader("x-version", "v2")),
                "connecting",
                "no endpoint for the call is ready");
        assertThat(delayed("bound", "round_robin")).isEqualTo(1);
    }

    @Test
    void aCallWaitsForAServerOutsideOfTheSubset() {
        SubsetClient client = new SubsetClient();
        client.start(Map.of(), SubsetClient.endpoints(20));
        FakeCall call = FakeCall.with(RoutingKeys.SERVER_ID, "s" + client.outside());
        expectDelay(
                client.helper().pick(call),
                "connecting",
                "the endpoint is outside of the channel's subset, and is connected to for this call");
    }

    @Test
    void aCallWaitsForAServerToBeRegistered() {
        scene.resolverFails(Status.UNAVAILABLE
                .withDescription("etcd:///svc: no endpoint is registered")
                .withCause(new EndpointAwaitedException("svc", true)));
        expectDelay(scene.helper().pick(FakeCall.PLAIN), "endpoint_awaited", "etcd:///svc: no endpoint is registered");
        assertThat(registry.get("grpc.lb.picks.delayed")
                        .tags("service", "svc", "reason", "awaited")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void noMeterSaysWhichServerACallWaitsFor() {
        aCallWaitsForTheServerThatItNames();
        assertThat(registry.getMeters())
                .extracting(Meter::getId)
                .filteredOn(id -> id.getName().equals("grpc.lb.picks.delayed"))
                .allSatisfy(id -> assertThat(id.getTags())
                        .extracting(tag -> tag.getKey())
                        .containsExactlyInAnyOrder("service", "policy", "reason"));
    }

    private static void expectDelay(PickResult result, String type, String reason) {
        assertThat(result.hasResult()).isFalse();
        assertThat(result.getDelayType()).isEqualTo(type);
        assertThat(result.getDelayReason()).isEqualTo(reason);
    }

    private double delayed(String reason, String policy) {
        return registry.get("grpc.lb.picks.delayed")
                .tags("service", "svc", "policy", policy, "reason", reason)
                .counter()
                .count();
    }
}
