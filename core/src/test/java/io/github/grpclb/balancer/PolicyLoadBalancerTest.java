package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.ConnectPacer;
import io.github.grpclb.balancer.connection.DroppedConnections;
import io.github.grpclb.balancer.connection.EndpointCounts;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.resolver.EndpointAwaitedException;
import io.github.grpclb.resolver.Unlisted;
import io.github.grpclb.testing.Allocation;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeCandidate;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FakeSubchannel;
import io.github.grpclb.testing.FaultRow;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

public class PolicyLoadBalancerTest {

    private static final Status NONE_LEFT =
            Status.UNAVAILABLE.withDescription("etcd:///svc: no endpoint is registered");

    private final FakeHelper helper = new FakeHelper();
    private final List<List<Candidate>> readyLists = new ArrayList<>();
    private final ChannelMemory memory = new ChannelMemory(new PolicyTable(
            Map.of("round_robin", options -> new InTurn("round_robin"), "other", options -> new InTurn("other")),
            List.of(new BrokenPicker(), new BrokenPick(), new Picky(), new ForeignCandidate()),
            List.of()));
    private final PolicyLoadBalancer balancer = new PolicyLoadBalancer(helper, memory);

    @Test
    @FaultRow(37)
    void keepsOneConnectionPerEndpointAndUsesThoseThatAreReady() {
        accept(endpoint(1), endpoint(2), endpoint(3));
        assertThat(helper.state()).isEqualTo(ConnectivityState.CONNECTING);
        assertThat(helper.subchannels())
                .extracting(FakeSubchannel::connectionRequests)
                .containsExactly(1, 1, 1);
        assertThat(helper.pick(FakeCall.PLAIN).hasResult()).isFalse();

        helper.subchannel(2).ready();
        assertThat(helper.state()).isEqualTo(ConnectivityState.READY);
        assertThat(picks(4)).containsOnly(2);

        helper.subchannel(3).ready();
        helper.clock().forward(Duration.ofMillis(5));
        assertThat(picks(4)).containsExactly(3, 2, 3, 2);
    }

    @Test
    @FaultRow(38)
    void connectsManyAFewAtATime() {
        acceptPorts(1, 350);
        assertThat(helper.subchannels()).hasSize(ConnectPacer.AT_ONCE);

        helper.subchannel(1).ready();
        helper.subchannel(2).fails("refused");
        assertThat(helper.subchannels()).hasSize(ConnectPacer.AT_ONCE + 2);

        // servers that swallow packets keep their places no longer
        helper.clock().forward(Duration.ofMillis(ConnectPacer.PATIENCE_MILLIS));
        assertThat(helper.subchannels()).hasSize(2 * ConnectPacer.AT_ONCE + 2);

        // who is gone before it is its turn is not dialled
        acceptPorts(1, 250);
        helper.clock().forward(Duration.ofSeconds(1));
        assertThat(helper.subchannels())
                .extracting(FakeSubchannel::port)
                .hasSize(250)
                .doesNotContain(251, 350);
        assertThat(helper.clock().pending()).isZero();
    }

    @Test
    @FaultRow(38)
    void dialsNoneOfThoseThatWereJustReplaced() {
        acceptPorts(1, 300);
        acceptPorts(401, 450);
        helper.clock().forward(Duration.ofSeconds(1));
        assertThat(helper.subchannels())
                .extracting(FakeSubchannel::port)
                .containsExactlyElementsOf(IntStream.concat(
                                IntStream.rangeClosed(1, ConnectPacer.AT_ONCE), IntStream.rangeClosed(401, 450))
                        .boxed()
                        .toList());
    }

    @Test
    void publishesOnePickerWhereNothingChanged() {
        List<EquivalentAddressGroup> groups = groups(endpoint(1), endpoint(2));
        accept(groups, (LbConfig) null);
        accept(groups, (LbConfig) null);
        accept(groups(endpoint(1), endpoint(2)), LbConfig.DEFAULT);
        assertThat(helper.published()).isEqualTo(1);
    }

    @Test
    @FaultRow(43)
    void takesAnotherWeightWithoutTouchingTheConnections() {
        acceptReady(endpoint(1), endpoint(2));
        int before = helper.published();
        accept(endpoint(1), endpoint(2).toBuilder().weight(7).build());
        assertThat(helper.published()).isEqualTo(before + 1);
        assertThat(lastReady()).extracting(Candidate::weight).containsExactly(1.0, 7.0);
        assertThat(helper.subchannels()).hasSize(2);
        assertThat(helper.subchannels())
                .extracting(FakeSubchannel::addressUpdates)
                .containsExactly(0, 0);
    }

    @Test
    void givesThePolicyTheSameCandidatesWhereNothingAboutThemChanged() {
        acceptReady(endpoint(1), endpoint(2));
        Candidate first = lastReady().get(0);
        accept(endpoint(1), endpoint(2).toBuilder().weight(7).build());
        assertThat(lastReady().get(0)).isSameAs(first);
    }

    @Test
    void publishesAPickerWithoutAServerBeforeItsConnectionIsClosed() {
        acceptReady(endpoint(1), endpoint(2));
        List<Boolean> closedAtPublish = new ArrayList<>();
        helper.onPublish(() -> closedAtPublish.add(helper.subchannel(1).isShutdown()));
        accept(endpoint(2));
        assertThat(closedAtPublish).containsExactly(false);
        assertThat(helper.subchannel(1).isShutdown()).isTrue();
        assertThat(helper.subchannel(2).isShutdown()).isFalse();
        assertThat(picks(3)).containsOnly(2);
    }

    @Test
    @FaultRow(43)
    void keepsConnectionsOverAnotherOrderAndNewNeighbours() {
        acceptReady(endpoint(1), endpoint(2), endpoint(3));
        accept(endpoint(3), endpoint(4), endpoint(1));
        assertThat(helper.subchannels()).extracting(FakeSubchannel::port).containsExactly(1, 2, 3, 4);
        assertThat(helper.subchannels())
                .extracting(FakeSubchannel::isShutdown)
                .containsExactly(false, true, false, false);
        assertThat(lastReady())
                .extracting(candidate -> candidate.endpoint().port())
                .containsExactly(3, 1);
    }

    @Test
    void connectsAnewWhereAnIdHasAnotherAddress() {
        acceptReady(endpoint(1));
        accept(Endpoint.builder("svc", "127.0.0.1", 9).id("s1").build());
        assertThat(helper.subchannels()).extracting(FakeSubchannel::port).containsExactly(1, 9);
        assertThat(helper.subchannel(1).isShutdown()).isTrue();
    }

    @Test
    @FaultRow(43)
    void survivesAnAddressThatIsListedTwice() {
        acceptReady(endpoint(1), endpoint(1), endpoint(2));
        accept(endpoint(2));
        accept(endpoint(2), endpoint(1));
        assertThat(helper.subchannels().stream().filter(subchannel -> !subchannel.isShutdown()))
                .extracting(FakeSubchannel::port)
                .containsExactlyInAnyOrder(1, 2);
    }

    @Test
    void staysWithAFailureUntilTheServerIsReadyAgain() {
        accept(endpoint(1));
        helper.subchannel(1).fails("refused");
        assertThat(helper.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        int published = helper.published();
        helper.subchannel(1).idle();
        helper.subchannel(1).connecting();
        assertThat(helper.published()).isEqualTo(published);
        assertThat(helper.pick(FakeCall.PLAIN).getStatus().getDescription())
                .isEqualTo("no endpoint is ready (1 known); 127.0.0.1:1: refused");
        helper.subchannel(1).ready();
        assertThat(helper.state()).isEqualTo(ConnectivityState.READY);
    }

    @Test
    void reconnectsAServerThatBecameIdle() {
        acceptReady(endpoint(1));
        helper.subchannel(1).idle();
        assertThat(helper.subchannel(1).connectionRequests()).isEqualTo(2);
        assertThat(helper.pick(FakeCall.PLAIN).hasResult()).isFalse();
    }

    @Test
    void isInTheBestStateOfItsServers() {
        accept(endpoint(1), endpoint(2));
        helper.subchannel(1).fails("refused");
        assertThat(helper.state()).isEqualTo(ConnectivityState.CONNECTING);
        helper.subchannel(2).fails("refused");
        assertThat(helper.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        helper.subchannel(1).ready();
        assertThat(helper.state()).isEqualTo(ConnectivityState.READY);
        accept(endpoint(2));
        assertThat(helper.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
    }

    @Test
    @FaultRow(38)
    void coalescesTheEventsOfManyServersOnceOneIsReady() {
        Endpoint[] many = IntStream.rangeClosed(1, 1_000)
                .mapToObj(PolicyLoadBalancerTest::endpoint)
                .toArray(Endpoint[]::new);
        accept(many);
        for (int i = 0; i < many.length; i++) { // one that is ready makes room for another
            helper.subchannels().get(i).ready();
        }
        helper.clock().forward(Duration.ofMillis(5));
        assertThat(lastReady()).hasSize(1_000);
        assertThat(helper.published()).isEqualTo(3);
        assertThat(helper.clock().pending()).isZero();
    }

    @Test
    void serverThatIsShutDownIsHeardNoMore() {
        acceptReady(endpoint(1), endpoint(2));
        accept(endpoint(2));
        int published = helper.published();
        helper.subchannel(1).ready();
        helper.clock().forward(Duration.ofMillis(5));
        assertThat(helper.published()).isEqualTo(published);
    }

    @Test
    void keepsItsServersOverErrorsAndEmptyLists() {
        acceptReady(endpoint(1));
        int published = helper.published();
        helper.inSyncContext(() -> balancer.handleNameResolutionError(Status.UNAVAILABLE));
        assertThat(accept().isOk()).isFalse();
        assertThat(helper.published()).isEqualTo(published);
        assertThat(picks(1)).containsExactly(1);
    }

    @Test
    void keepsTheConnectionOfASuspectOverItsReturn() {
        acceptReady(endpoint(1), endpoint(2), endpoint(3));
        accept(groups(endpoint(1)), unlisted(groups(endpoint(2), endpoint(3)), List.of(), false));
        assertThat(lastReady())
                .extracting(candidate -> candidate.endpoint().port())
                .containsExactly(1, 2, 3);
        accept(endpoint(1), endpoint(2), endpoint(3));
        helper.subchannel(2).idle();
        assertThat(helper.subchannel(2).connectionRequests()).isEqualTo(2);
        assertThat(helper.subchannels()).hasSize(3).noneMatch(FakeSubchannel::isShutdown);
    }

    @Test
    void dropsASuspectAsSoonAsItFailsAndNeverConnectsToIt() {
        acceptReady(endpoint(1), endpoint(2), endpoint(3));
        accept(groups(endpoint(1)), unlisted(groups(endpoint(2), endpoint(3), endpoint(4)), List.of(), false));
        helper.subchannel(2).idle();
        assertThat(picks(4)).containsOnly(1, 3);
        helper.subchannel(3).fails("reset");
        assertThat(picks(4)).containsOnly(1);
        assertThat(helper.subchannels()).extracting(FakeSubchannel::port).containsExactly(1, 2, 3);
        assertThat(helper.subchannels())
                .extracting(FakeSubchannel::connectionRequests)
                .containsExactly(1, 1, 1);
        assertThat(helper.subchannels()).extracting(FakeSubchannel::isShutdown).containsExactly(false, true, true);
    }

    @Test
    void neitherUsesNorClosesTheConnectionOfWhoIsMissing() {
        acceptReady(endpoint(1), endpoint(2), endpoint(3));
        accept(groups(endpoint(1)), unlisted(List.of(), groups(endpoint(2), endpoint(3)), false));
        assertThat(picks(4)).containsOnly(1);
        assertThat(helper.subchannel(2).isShutdown()).isFalse();
        helper.subchannel(3).idle();
        assertThat(helper.subchannel(3).isShutdown()).isTrue();
        accept(groups(endpoint(1)), unlisted(groups(endpoint(2)), List.of(), false));
        assertThat(picks(4)).containsOnly(1, 2);
        accept(endpoint(1));
        assertThat(helper.subchannels()).extracting(FakeSubchannel::isShutdown).containsExactly(false, true, true);
    }

    @Test
    void failsWithWhatTheRegistrySaysWhenTheLastSuspectFailed() {
        acceptReady(endpoint(1), endpoint(2));
        List<EquivalentAddressGroup> both = groups(endpoint(1), endpoint(2));
        accept(both, unlisted(both, List.of(), true));
        helper.subchannel(1).fails("reset");
        assertThat(picks(2)).containsOnly(2);
        helper.subchannel(2).fails("reset");
        assertThat(helper.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        assertThat(helper.pick(FakeCall.PLAIN).getStatus()).isSameAs(NONE_LEFT);
        acceptReady(endpoint(3));
        assertThat(picks(2)).containsOnly(3);
    }

    @Test
    void tellsOfSuspectsOnceAndShowsThem() {
        List<String> told = new ArrayList<>();
        LiveEndpoints live = new LiveEndpoints();
        FakeHelper channel = new FakeHelper(NameResolver.Args.newBuilder()
                .setArg(BalancerArgs.LIVE_ENDPOINTS, live)
                .setArg(BalancerArgs.OBSERVER, new PickObserver() {
                    @Override
                    public void endpointsSuspected(String service, int endpoints) {
                        told.add(service + " " + endpoints);
                    }

                    @Override
                    public void endpointsChanged(String service, EndpointCounts before, EndpointCounts now) {
                        told.add(now.ready() + " ready, " + now.suspect() + " suspect");
                    }
                }));
        PolicyLoadBalancer other = new PolicyLoadBalancer(channel, memory);
        List<EquivalentAddressGroup> three = groups(endpoint(1), endpoint(2), endpoint(3));
        channel.inSyncContext(() -> other.acceptResolvedAddresses(resolved(three, (LbConfig) null)));
        channel.subchannel(1).ready();
        channel.subchannel(2).ready();
        channel.subchannel(3).fails("refused");
        channel.clock().forward(Duration.ofMillis(5));
        told.clear();
        ResolvedAddresses oneLeft = resolved(three.subList(0, 1), unlisted(three.subList(1, 3), List.of(), false));
        channel.inSyncContext(() -> other.acceptResolvedAddresses(oneLeft));
        channel.inSyncContext(() -> other.acceptResolvedAddresses(oneLeft));
        assertThat(told).containsExactly("1 ready, 1 suspect", "svc 1");
        assertThat(live.endpoints("svc"))
                .extracting(LiveEndpoints.Live::state)
                .containsExactly(EndpointState.READY, EndpointState.SUSPECT);
        assertThat(live.endpoints("svc")).extracting(LiveEndpoints.Live::weight).containsOnly(1.0);
    }

    @Test
    @FaultRow(34)
    void aReadyConnectionIsToldWhereItsHostNameLeadsNow() {
        Endpoint named = Endpoint.builder("svc", "host.example", 1).startedAt(1).build();
        Endpoint other = endpoint(2);
        acceptGroups(at(named, "10.1.0.1"), at(other, "10.0.0.2"));
        helper.subchannel(1).ready();
        helper.subchannel(2).ready();
        acceptGroups(at(named, "10.1.0.2", "10.1.0.1"), at(other, "10.0.0.2"));
        assertThat(helper.subchannels()).hasSize(2);
        assertThat(helper.subchannel(1).addressUpdates()).isEqualTo(1);
        assertThat(helper.subchannel(1).isShutdown()).isFalse();
        // found by its name where the lists run out of step
        acceptGroups(at(other, "10.0.0.2"), at(named, "10.1.0.2"));
        assertThat(helper.subchannels()).hasSize(2);
        assertThat(helper.subchannel(1).addressUpdates()).isEqualTo(2);
        acceptGroups(at(other, "10.0.0.2"), at(named, "10.1.0.2"));
        assertThat(helper.subchannel(1).addressUpdates()).isEqualTo(2);
        assertThat(helper.subchannel(2).addressUpdates()).isZero();
    }

    @Test
    @FaultRow(34)
    void oneThatIsNotReadyIsMadeAnewAtOnceWhereItsHostNameLeadsElsewhere() {
        Endpoint named = Endpoint.builder("svc", "host.example", 1).startedAt(1).build();
        acceptGroups(at(named, "10.1.0.1"), at(endpoint(2), "10.0.0.2"));
        helper.subchannel(1).fails("refused");
        acceptGroups(at(named, "10.1.0.2", "10.1.0.1"), at(endpoint(2), "10.0.0.2"));
        assertThat(helper.subchannels()).hasSize(3);
        assertThat(helper.subchannels().get(0).isShutdown()).isTrue();
        assertThat(helper.subchannels().get(2).connectionRequests()).isEqualTo(1);
    }

    private void acceptGroups(EquivalentAddressGroup... groups) {
        helper.inSyncContext(() -> balancer.acceptResolvedAddresses(resolved(List.of(groups), LbConfig.DEFAULT)));
    }

    private static EquivalentAddressGroup at(Endpoint endpoint, String... hosts) {
        List<SocketAddress> addresses = new ArrayList<>();
        for (String host : hosts) {
            addresses.add(new InetSocketAddress(InetAddresses.forString(host), endpoint.port()));
        }
        return new EquivalentAddressGroup(
                addresses,
                Attributes.newBuilder()
                        .set(EndpointAttributes.ENDPOINT, endpoint)
                        .build());
    }

    @Test
    void showsAChannelThatFoundNoServerWithTheReason() {
        LiveEndpoints live = new LiveEndpoints();
        FakeHelper channel = new FakeHelper(NameResolver.Args.newBuilder()
                .setArg(BalancerArgs.LIVE_ENDPOINTS, live)
                .setArg(BalancerArgs.CLIENT, "stub"));
        PolicyLoadBalancer other = new PolicyLoadBalancer(channel, memory);
        Status notReady = Status.UNAVAILABLE.withDescription("etcd:///svc: discovery not ready: no answer yet");
        channel.inSyncContext(() -> other.handleNameResolutionError(notReady));
        assertThat(live.channels())
                .containsExactly(new LiveEndpoints.Channel(
                        "stub", channel.getAuthority(), null, List.of(), notReady.getDescription()));
        assertThat(live.endpoints("svc")).isEmpty();
        channel.inSyncContext(() -> other.acceptResolvedAddresses(resolved(groups(endpoint(1)), LbConfig.DEFAULT)));
        assertThat(live.channels()).singleElement().satisfies(shown -> {
            assertThat(shown.client()).isEqualTo("stub");
            assertThat(shown.endpoints()).hasSize(1);
            assertThat(shown.reason()).isNull();
        });
        channel.inSyncContext(() -> other.handleNameResolutionError(notReady));
        assertThat(live.channels()).singleElement().satisfies(shown -> {
            assertThat(shown.policy()).isEqualTo("round_robin");
            assertThat(shown.endpoints()).hasSize(1);
        });
        channel.inSyncContext(other::shutdown);
        assertThat(live.channels()).isEmpty();
    }

    @Test
    void failsWithTheErrorWhereItHasNoServers() {
        Status error = Status.UNAVAILABLE.withDescription("etcd:///svc: no endpoint is registered");
        helper.inSyncContext(() -> balancer.handleNameResolutionError(error));
        assertThat(helper.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        assertThat(helper.pick(FakeCall.PLAIN).getStatus()).isSameAs(error);
        acceptReady(endpoint(1));
        assertThat(picks(1)).containsExactly(1);
    }

    @Test
    void changesThePolicyWithoutANewConnection() {
        acceptReady(endpoint(1), endpoint(2));
        accept(groups(endpoint(1), endpoint(2)), config("other"));
        assertThat(helper.subchannels()).hasSize(2);
        assertThat(picks(2)).hasSize(2);
    }

    @Test
    void staysWithItsPolicyWhereTheNewOneIsUnknown() {
        acceptReady(endpoint(1), endpoint(2));
        Status status = accept(groups(endpoint(1), endpoint(2)), config("fastest"));
        assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(status.getDescription())
                .isEqualTo("endpoint_lb: policy: 'fastest' (expected: one of [broken_pick, broken_picker,"
                        + " foreign_candidate, other, picky, round_robin])");
        assertThat(picks(4)).containsOnly(1, 2);
    }

    @Test
    void failsCallsWithTheKnownNamesWhereTheFirstPolicyIsUnknown() {
        accept(groups(endpoint(1)), config("fastest"));
        assertThat(helper.pick(FakeCall.PLAIN).getStatus().getDescription()).contains("'fastest'", "round_robin");
        acceptReady(endpoint(1));
        assertThat(picks(1)).containsExactly(1);
    }

    @Test
    void takesOptionsWithoutValues() {
        Map<String, Object> options = new HashMap<>();
        options.put("option", null);
        LbConfig config = LbConfig.parse(Map.of("policy", "other", "options", options));
        assertThat(accept(groups(endpoint(1)), config).isOk()).isTrue();
    }

    @Test
    void usesTheChannelsOwnPoliciesWhereItBringsThem() {
        ChannelMemory own = new ChannelMemory(
                new PolicyTable(Map.of("round_robin", options -> new FirstOnly()), List.of(), List.of()));
        FakeHelper channel = new FakeHelper(NameResolver.Args.newBuilder().setArg(BalancerArgs.MEMORY, own));
        PolicyLoadBalancer other = new PolicyLoadBalancer(channel, memory);
        channel.inSyncContext(
                () -> other.acceptResolvedAddresses(resolved(groups(endpoint(1), endpoint(2)), (LbConfig) null)));
        channel.subchannel(1).ready();
        channel.subchannel(2).ready();
        channel.clock().forward(Duration.ofMillis(5));
        assertThat(channel.pickPort(FakeCall.PLAIN)).isEqualTo(1);
        assertThat(channel.pickPort(FakeCall.PLAIN)).isEqualTo(1);
    }

    @Test
    @FaultRow(50)
    void spreadsCallsWhereAPolicyThrows() {
        acceptReady(endpoint(1), endpoint(2));
        for (String broken : List.of("broken_picker", "broken_pick", "foreign_candidate")) {
            accept(groups(endpoint(1), endpoint(2)), config(broken));
            assertThat(picks(50)).as(broken).containsOnly(1, 2);
        }
    }

    @Test
    void failsACallForWhichThePolicyHasNoServerWithThePolicysReason() {
        acceptReady(endpoint(1), endpoint(2));
        accept(groups(endpoint(1), endpoint(2)), config("picky"));
        PickResult result = helper.pick(FakeCall.PLAIN);
        assertThat(result.isDrop()).isFalse();
        assertThat(result.getStatus().getDescription()).isEqualTo("picky: not today (2 ready of 2 known)");
    }

    @Test
    @FaultRow(28)
    void connectsAtOnceToAServerThatWasRestartedWhereTheLastOneCouldNotBeReached() {
        acceptReady(endpoint(1), endpoint(2));
        FakeSubchannel dead = helper.subchannel(1);
        dead.fails("refused");
        List<Boolean> closedAtPublish = new ArrayList<>();
        helper.onPublish(() -> closedAtPublish.add(dead.isShutdown()));

        accept(endpoint(1).toBuilder().startedAt(2).build(), endpoint(2));

        assertThat(helper.subchannels()).extracting(FakeSubchannel::port).containsExactly(1, 2, 1);
        assertThat(helper.subchannel(1).connectionRequests()).isEqualTo(1);
        assertThat(closedAtPublish).isNotEmpty().containsOnly(false);
        assertThat(dead.isShutdown()).isTrue();

        helper.subchannel(1).ready();
        helper.clock().forward(Duration.ofMillis(5));
        assertThat(picks(4)).containsOnly(1, 2);
    }

    @Test
    @FaultRow(28)
    void connectsAtOnceToAServerThatIsPutBackWhileItCouldNotBeReached() {
        acceptReady(endpoint(1), endpoint(2));
        helper.subchannel(1).fails("no route");
        accept(endpoint(1).toBuilder().createRevision(9).build(), endpoint(2));
        assertThat(helper.subchannels()).extracting(FakeSubchannel::port).containsExactly(1, 2, 1);
    }

    @Test
    @FaultRow(28)
    void keepsAReadyConnectionToAServerThatWasRestarted() {
        acceptReady(endpoint(1), endpoint(2));
        accept(endpoint(1).toBuilder().startedAt(2).createRevision(9).build(), endpoint(2));
        assertThat(helper.subchannels()).hasSize(2).noneMatch(FakeSubchannel::isShutdown);
    }

    @Test
    void leavesAFailedConnectionToItsBackOffWhereTheServerIsTheSame() {
        acceptReady(endpoint(1), endpoint(2));
        helper.subchannel(1).fails("refused");
        accept(endpoint(2), endpoint(1).toBuilder().weight(7).build());
        assertThat(helper.subchannels()).hasSize(2);
    }

    @Test
    void leavesNothingToWaitForWhenTheChannelEndsSoonAfterAServerLeft() {
        acceptReady(endpoint(1), endpoint(2), endpoint(3));
        accept(endpoint(2), endpoint(3));
        helper.clock().forward(Duration.ofSeconds(3));
        accept(endpoint(3));
        helper.clock().forward(Duration.ofSeconds(4));
        helper.inSyncContext(balancer::shutdown);

        // gRPC closes a connection 5 s after the first time, or at the second
        assertThat(helper.subchannels()).extracting(FakeSubchannel::shutdowns).containsExactly(2, 2, 1);
        assertThat(helper.clock().pending()).isZero();
    }

    @Test
    void forgetsAConnectionThatWasGivenUpLongAgo() {
        acceptReady(endpoint(1), endpoint(2));
        accept(endpoint(2));
        helper.clock().forward(Duration.ofMillis(2 * DroppedConnections.REMEMBERED_MILLIS));
        assertThat(helper.clock().pending()).isZero();
        helper.inSyncContext(balancer::shutdown);
        assertThat(helper.subchannels()).extracting(FakeSubchannel::shutdowns).containsExactly(1, 1);
    }

    @Test
    void dialsThoseWhoFailedAgainWhereTheApplicationGoesOn() {
        acceptReady(endpoint(1), endpoint(2));
        helper.subchannel(1).fails("refused");
        List<EquivalentAddressGroup> same = groups(endpoint(1), endpoint(2));
        accept(same, (LbConfig) null);
        helper.inSyncContext(() -> balancer.handleNameResolutionError(awaited(false)));
        accept(same, (LbConfig) null);
        assertThat(helper.subchannels()).extracting(FakeSubchannel::port).containsExactly(1, 2, 1);
        assertThat(helper.subchannel(2).isShutdown()).isFalse();
    }

    @Test
    void letsCallsWaitWhereNobodyIsRegisteredForAMoment() {
        acceptReady(endpoint(1));
        helper.subchannel(1).fails("refused");
        helper.inSyncContext(() -> balancer.handleNameResolutionError(awaited(true)));
        assertThat(helper.state()).isEqualTo(ConnectivityState.CONNECTING);
        assertThat(helper.pick(FakeCall.PLAIN).hasResult()).isFalse();
        assertThat(helper.subchannel(1).isShutdown()).isTrue();
    }

    @Test
    void letsCallsWaitWhereTheLastSuspectFailedMeanwhile() {
        acceptReady(endpoint(1));
        List<EquivalentAddressGroup> same = groups(endpoint(1));
        accept(same, new Unlisted(same, List.of(), true, awaited(true)));
        assertThat(picks(2)).containsOnly(1);
        helper.subchannel(1).fails("reset");
        assertThat(helper.state()).isEqualTo(ConnectivityState.CONNECTING);
        assertThat(helper.pick(FakeCall.PLAIN).hasResult()).isFalse();
        accept(same, unlisted(same, List.of(), true));
        assertThat(helper.pick(FakeCall.PLAIN).getStatus()).isSameAs(NONE_LEFT);
    }

    @Test
    void allocatesNothingForAPick() {
        acceptReady(endpoint(1), endpoint(2));
        accept(groups(endpoint(1), endpoint(2)), LbConfig.parse(Map.of("serverId", Map.of("header", "x-server-id"))));
        FakeCall toServer = FakeCall.with(RoutingKeys.SERVER_ID, "s2");
        assertThat(Allocation.bytesPerRun(() -> helper.pick(FakeCall.PLAIN))).isLessThan(1);
        assertThat(Allocation.bytesPerRun(() -> helper.pick(toServer))).isLessThan(1);
    }

    @Test
    void takesTheAddressesOfOtherResolvers() {
        EquivalentAddressGroup plain = new EquivalentAddressGroup(new InetSocketAddress("127.0.0.1", 5));
        accept(List.of(plain), (LbConfig) null);
        helper.subchannel(5).ready();
        assertThat(lastReady().get(0).endpoint().address()).isEqualTo("127.0.0.1:5");
    }

    @Test
    @FaultRow(51)
    void leavesNothingBehind() {
        acceptReady(endpoint(1), endpoint(2));
        helper.subchannel(2).fails("gone");
        helper.inSyncContext(balancer::shutdown);
        assertThat(helper.subchannels()).allMatch(FakeSubchannel::isShutdown);
        assertThat(helper.clock().pending()).isZero();
    }

    private void accept(List<EquivalentAddressGroup> groups, Unlisted unlisted) {
        helper.inSyncContext(() -> balancer.acceptResolvedAddresses(resolved(groups, unlisted)));
    }

    private static ResolvedAddresses resolved(List<EquivalentAddressGroup> groups, Unlisted unlisted) {
        return ResolvedAddresses.newBuilder()
                .setAddresses(groups)
                .setAttributes(Attributes.newBuilder()
                        .set(EndpointAttributes.UNLISTED, unlisted)
                        .build())
                .build();
    }

    private static Unlisted unlisted(
            List<EquivalentAddressGroup> suspects, List<EquivalentAddressGroup> missing, boolean all) {
        return new Unlisted(suspects, missing, all, NONE_LEFT);
    }

    public static Endpoint endpoint(int port) {
        return Endpoint.builder("svc", "127.0.0.1", port).id("s" + port).build();
    }

    private Status accept(Endpoint... endpoints) {
        return accept(groups(endpoints), (LbConfig) null);
    }

    private void acceptPorts(int first, int last) {
        accept(IntStream.rangeClosed(first, last)
                .mapToObj(PolicyLoadBalancerTest::endpoint)
                .toArray(Endpoint[]::new));
    }

    private void acceptReady(Endpoint... endpoints) {
        accept(endpoints);
        List.copyOf(helper.subchannels()).stream()
                .filter(subchannel -> !subchannel.isShutdown())
                .forEach(FakeSubchannel::ready);
        helper.clock().forward(Duration.ofMillis(5));
    }

    private Status accept(List<EquivalentAddressGroup> groups, LbConfig config) {
        Status[] status = new Status[1];
        helper.inSyncContext(() -> status[0] = balancer.acceptResolvedAddresses(resolved(groups, config)));
        return status[0];
    }

    private static Status awaited(boolean none) {
        return Status.UNAVAILABLE.withCause(new EndpointAwaitedException("svc", none));
    }

    private static ResolvedAddresses resolved(List<EquivalentAddressGroup> groups, LbConfig config) {
        return ResolvedAddresses.newBuilder()
                .setAddresses(groups)
                .setLoadBalancingPolicyConfig(config)
                .build();
    }

    static List<EquivalentAddressGroup> groups(Endpoint... endpoints) {
        return Arrays.stream(endpoints)
                .map(endpoint -> new EquivalentAddressGroup(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.port()),
                        Attributes.newBuilder()
                                .set(EndpointAttributes.ENDPOINT, endpoint)
                                .build()))
                .toList();
    }

    private static LbConfig config(String policy) {
        return LbConfig.parse(Map.of("policy", policy));
    }

    private List<Integer> picks(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> helper.pickPort(FakeCall.PLAIN))
                .toList();
    }

    private List<Candidate> lastReady() {
        return readyLists.get(readyLists.size() - 1);
    }

    /** In turn, from the second on; leaves behind what it was given. */
    private final class InTurn implements Policy {

        private final String name;
        private int turn;

        InTurn(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            readyLists.add(ready);
            turn = 0;
            return call -> ready.get(++turn % ready.size());
        }
    }

    private static final class FirstOnly implements Policy {
        @Override
        public String name() {
            return "first_only";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return call -> known.get(0);
        }
    }

    private static final class BrokenPicker implements Policy {
        @Override
        public String name() {
            return "broken_picker";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            throw new IllegalStateException("broken on purpose");
        }
    }

    private static final class BrokenPick implements Policy {
        @Override
        public String name() {
            return "broken_pick";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return call -> {
                throw new StackOverflowError("broken on purpose");
            };
        }
    }

    private static final class ForeignCandidate implements Policy {
        @Override
        public String name() {
            return "foreign_candidate";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return call -> FakeCandidate.of(1, 1);
        }
    }

    private static final class Picky implements Policy {
        @Override
        public String name() {
            return "picky";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return new Picker() {
                @Override
                public Candidate pick(PickSubchannelArgs call) {
                    return null;
                }

                @Override
                public String reason(PickSubchannelArgs call) {
                    return "not today";
                }
            };
        }
    }
}
