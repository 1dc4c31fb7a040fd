package io.github.grpclb.balancer.pick;

import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.config.LbConfig.ServerIdMode;
import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.testing.FakeCall;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.FixedResultPicker;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Calls that are bound to a server. A pick is told by the text of its status. */
class ServerIdTest {

    private static final PickResult OTHER = result("other");

    @Test
    void sendsACallToItsServer() {
        assertThat(pick(ServerIdMode.STRICT, FakeCall.with(RoutingKeys.SERVER_ID, "s2"), ready(1), ready(2)))
                .isEqualTo("2");
        assertThat(pick(ServerIdMode.FALLBACK, FakeCall.with(RoutingKeys.SERVER_ID, "s2"), ready(1), ready(2)))
                .isEqualTo("2");
    }

    @Test
    void readsTheServerFromTheHeaderThatIsConfigured() {
        assertThat(pick(ServerIdMode.STRICT, FakeCall.withHeader("x-server-id", "s1"), ready(1), ready(2)))
                .isEqualTo("1");
        assertThat(pick(ServerIdMode.STRICT, FakeCall.withHeader("x-server-id", ""), ready(1)))
                .isEqualTo("other");
        assertThat(pick(ServerIdMode.STRICT, FakeCall.withHeader("x-other", "s1"), ready(1)))
                .isEqualTo("other");
    }

    @Test
    void leavesOtherCallsToThePolicy() {
        assertThat(pick(ServerIdMode.STRICT, FakeCall.PLAIN, ready(1))).isEqualTo("other");
    }

    @Test
    void dropsAStrictCallWhoseServerIsUnknownAndSaysWhy() {
        PickResult result = picker(ServerIdMode.STRICT, ready(1), ready(2), ready(3), failing(4), connecting(5))
                .pickSubchannel(FakeCall.with(RoutingKeys.SERVER_ID, "b-7"));
        assertThat(result.isDrop()).isTrue();
        assertThat(result.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(result.getStatus().getDescription())
                .isEqualTo("server_id: no ready endpoint with id 'b-7' (3 ready of 5 known)");
    }

    @Test
    void failsAStrictCallWhoseServerFailsAndLetsItWaitIfItWants() {
        PickResult result = picker(ServerIdMode.STRICT, ready(1), failing(2))
                .pickSubchannel(FakeCall.with(RoutingKeys.SERVER_ID, "s2"));
        assertThat(result.isDrop()).isFalse();
        assertThat(result.getStatus().getDescription())
                .isEqualTo("server_id: no ready endpoint with id 's2' (1 ready of 2 known); 127.0.0.1:2: 2");
    }

    @Test
    void waitsForAServerThatIsBeingConnectedTo() {
        for (ServerIdMode mode : ServerIdMode.values()) {
            assertThat(picker(mode, ready(1), connecting(2))
                            .pickSubchannel(FakeCall.with(RoutingKeys.SERVER_ID, "s2"))
                            .hasResult())
                    .isFalse();
        }
    }

    @Test
    void fallsBackWhereTheServerIsUnknownOrFails() {
        assertThat(pick(ServerIdMode.FALLBACK, FakeCall.with(RoutingKeys.SERVER_ID, "s9"), ready(1)))
                .isEqualTo("other");
        assertThat(pick(ServerIdMode.FALLBACK, FakeCall.with(RoutingKeys.SERVER_ID, "s2"), ready(1), failing(2)))
                .isEqualTo("other");
    }

    @Test
    void strictCallsStayWithAServerThatDrainsAndOthersMoveOn() {
        EndpointCandidate draining =
                candidate(endpoint(2).state(Endpoint.State.DRAINING).build(), ConnectivityState.READY, result("2"));
        assertThat(pick(ServerIdMode.STRICT, FakeCall.with(RoutingKeys.SERVER_ID, "s2"), ready(1), draining))
                .isEqualTo("2");
        assertThat(pick(ServerIdMode.FALLBACK, FakeCall.with(RoutingKeys.SERVER_ID, "s2"), ready(1), draining))
                .isEqualTo("other");
    }

    @Test
    void takesTheReadyOneAndThenTheNewestOfSeveralWithOneId() {
        EndpointCandidate old = twin(10, ConnectivityState.READY);
        EndpointCandidate newer = twin(20, ConnectivityState.READY);
        EndpointCandidate newest = twin(30, ConnectivityState.CONNECTING);
        assertThat(pick(ServerIdMode.STRICT, FakeCall.with(RoutingKeys.SERVER_ID, "s1"), newer, old, newest))
                .isEqualTo("20");
    }

    @Test
    void sharesTheIndexWhileTheIdsStayWhereTheyAre() {
        ServerIds ids = ServerIds.NONE.next(List.of(ready(1), ready(2)));
        assertThat(ids.next(List.of(failing(1), ready(2)))).isSameAs(ids);
        assertThat(ids.next(List.of(ready(2), ready(1)))).isNotSameAs(ids);
        assertThat(ids.next(List.of(ready(1)))).isNotSameAs(ids);
    }

    @Test
    void leavesOutDrainingAndWeightlessServersWhileThereAreOthers() {
        EndpointCandidate normal = weighing(1, 3, Endpoint.State.UP);
        EndpointCandidate weightless = weighing(2, 0, Endpoint.State.UP);
        EndpointCandidate draining = weighing(3, 5, Endpoint.State.DRAINING);
        EndpointCandidate drainingWeightless = weighing(4, 0, Endpoint.State.DRAINING);

        assertThat(NewCalls.among(List.of(weightless, normal, draining))).containsExactly(normal);
        assertThat(NewCalls.among(List.of(weightless, draining))).containsExactly(weightless.withWeight(1));
        assertThat(NewCalls.among(List.of(draining, drainingWeightless))).containsExactly(draining);
        assertThat(NewCalls.among(List.of(drainingWeightless))).containsExactly(drainingWeightless.withWeight(1));
        List<EndpointCandidate> all = List.of(normal, normal);
        assertThat(NewCalls.among(all)).isSameAs(all);
    }

    private static String pick(ServerIdMode mode, PickSubchannelArgs call, EndpointCandidate... known) {
        return picker(mode, known).pickSubchannel(call).getStatus().getDescription();
    }

    private static RoutingPicker picker(ServerIdMode mode, EndpointCandidate... known) {
        LbConfig config =
                LbConfig.parse(Map.of("serverId", Map.of("mode", mode.name().toLowerCase(), "header", "x-server-id")));
        List<EndpointCandidate> list = List.of(known);
        CallTracking tracking = new CallTracking(new EndpointLoads(), null, new LogLimit(System::nanoTime));
        return new RoutingPicker(config, tracking, ServerIds.NONE.next(list), list, new FixedResultPicker(OTHER));
    }

    private static EndpointCandidate ready(int port) {
        return candidate(endpoint(port).build(), ConnectivityState.READY, result(String.valueOf(port)));
    }

    private static EndpointCandidate failing(int port) {
        return candidate(endpoint(port).build(), ConnectivityState.TRANSIENT_FAILURE, result(String.valueOf(port)));
    }

    private static EndpointCandidate connecting(int port) {
        return candidate(endpoint(port).build(), ConnectivityState.CONNECTING, PickResult.withNoResult());
    }

    private static EndpointCandidate twin(long startedAt, ConnectivityState state) {
        return candidate(endpoint(1).startedAt(startedAt).build(), state, result(String.valueOf(startedAt)));
    }

    private static EndpointCandidate weighing(int port, int weight, Endpoint.State state) {
        Endpoint endpoint = endpoint(port).weight(weight).state(state).build();
        return candidate(endpoint, ConnectivityState.READY, result(String.valueOf(port)));
    }

    private static EndpointCandidate candidate(Endpoint endpoint, ConnectivityState state, PickResult result) {
        EndpointLoad load = new EndpointLoad(endpoint.identity(), 0);
        return new EndpointCandidate(endpoint, endpoint.weight(), load, state, false, new FixedResultPicker(result));
    }

    private static PickResult result(String text) {
        return PickResult.withError(Status.UNAVAILABLE.withDescription(text));
    }
}
