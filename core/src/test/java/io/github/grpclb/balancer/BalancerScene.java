package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.balancer.pick.ChannelState;
import io.github.grpclb.balancer.pick.FakeServers;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FakeSubchannel;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A balancer with fake connections and fake time. It is given lists, and a test says what becomes of the connections. */
final class BalancerScene {

    private final ChannelMemory memory;
    private final EndpointLoads loads;
    private final FakeHelper helper;
    private PolicyLoadBalancer balancer;

    /** Has the policies that come with the balancer. */
    BalancerScene() {
        this(NameResolver.Args.newBuilder());
    }

    BalancerScene(NameResolver.Args.Builder args) {
        this(Policies.with(List.of()), args);
    }

    BalancerScene(PolicyTable policies) {
        this(policies, NameResolver.Args.newBuilder());
    }

    /** Takes the arguments that the channel was built with. */
    BalancerScene(PolicyTable policies, NameResolver.Args.Builder args) {
        FakeHelper[] made = new FakeHelper[1];
        loads = new EndpointLoads(Duration.ofMinutes(5), () -> made[0].clock().nanoTime());
        made[0] = new FakeHelper(args.setArg(BalancerArgs.LOADS, loads));
        helper = made[0];
        memory = new ChannelMemory(policies);
        balancer = new PolicyLoadBalancer(helper, memory);
    }

    /** Returns servers with the ports and the ids of these numbers. */
    static Endpoint.Builder[] servers(int first, int last) {
        return IntStream.rangeClosed(first, last)
                .mapToObj(FakeServers::endpoint)
                .toArray(Endpoint.Builder[]::new);
    }

    static List<EquivalentAddressGroup> groups(Endpoint.Builder... servers) {
        return Arrays.stream(servers)
                .map(Endpoint.Builder::build)
                .map(endpoint -> new EquivalentAddressGroup(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.port()),
                        Attributes.newBuilder()
                                .set(EndpointAttributes.ENDPOINT, endpoint)
                                .build()))
                .toList();
    }

    /**
     * Makes what a resolver gives.
     *
     * @param config null for none
     */
    static ResolvedAddresses list(@Nullable LbConfig config, List<EquivalentAddressGroup> groups) {
        return ResolvedAddresses.newBuilder()
                .setAddresses(groups)
                .setLoadBalancingPolicyConfig(config)
                .build();
    }

    /** Gives the balancer a list, and returns what it answers. */
    Status offer(ResolvedAddresses list) {
        Status[] status = new Status[1];
        helper.inSyncContext(() -> status[0] = balancer.acceptResolvedAddresses(list));
        return status[0];
    }

    /** Gives the balancer a list that it takes. */
    void accept(ResolvedAddresses list) {
        assertThat(offer(list).isOk()).isTrue();
    }

    /** Gives the balancer a list without a configuration. */
    void accept(Endpoint.Builder... servers) {
        accept(list(null, groups(servers)));
    }

    void accept(Map<String, ?> config, Endpoint.Builder... servers) {
        accept(list(LbConfig.parse(config), groups(servers)));
    }

    void acceptReady(Endpoint.Builder... servers) {
        accept(servers);
        allReady();
    }

    void acceptReady(Map<String, ?> config, Endpoint.Builder... servers) {
        accept(config, servers);
        allReady();
    }

    private void allReady() {
        List.copyOf(helper.subchannels()).stream()
                .filter(subchannel -> !subchannel.isShutdown())
                .forEach(FakeSubchannel::ready);
        settle();
    }

    void resolverFails(Status error) {
        helper.inSyncContext(() -> balancer.handleNameResolutionError(error));
    }

    /** Lets the balancer publish what it holds back for a moment. */
    void settle() {
        helper.clock().forward(Duration.ofMillis(5));
    }

    void forward(int seconds) {
        helper.clock().forward(Duration.ofSeconds(seconds));
    }

    /** Lets many calls to a server fail. */
    void callsFail(int port) {
        EndpointLoad load = loads.all().stream()
                .filter(each -> each.identity().name().equals("s" + port))
                .findFirst()
                .orElseThrow();
        FakeServers.calls(load, 100, CallOutcome.FAILURE);
    }

    void shutdown() {
        helper.inSyncContext(balancer::shutdown);
    }

    /** Makes the balancer that a channel has after an idle time. */
    void wakeUp() {
        balancer = new PolicyLoadBalancer(helper, memory);
    }

    /** Returns where so many plain calls go. */
    List<Integer> picks(int calls) {
        return picks(FakeCall.PLAIN, calls);
    }

    List<Integer> picks(FakeCall call, int calls) {
        return IntStream.range(0, calls).mapToObj(i -> helper.pickPort(call)).toList();
    }

    /** Returns the servers among which so many plain calls are spread. */
    Set<Integer> ports(int calls) {
        return ports(FakeCall.PLAIN, calls);
    }

    Set<Integer> ports(FakeCall call, int calls) {
        return new TreeSet<>(picks(call, calls));
    }

    /** Returns how many of so many plain calls go to a server. */
    int count(int port, int calls) {
        return Collections.frequency(picks(calls), port);
    }

    FakeHelper helper() {
        return helper;
    }

    EndpointLoads loads() {
        return loads;
    }

    ChannelState state() {
        return memory.state();
    }
}
