package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeClock;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** The steps of a configuration over servers that a test makes, with fake time and seeded chance. */
final class ChainScene {

    private final FakeClock clock;
    private final ChannelMemory memory;
    private final PickerChain chain;
    private List<EndpointCandidate> servers = List.of();
    private SubchannelPicker picker;
    private int pickers;

    ChainScene(Map<String, ?> config) {
        this(config, new FakeClock());
    }

    ChainScene(Map<String, ?> config, FakeClock clock) {
        this(config, clock, Policies.with(List.of()));
    }

    ChainScene(Map<String, ?> config, FakeClock clock, PolicyTable policies) {
        this.clock = clock;
        EndpointLoads loads = new EndpointLoads(Duration.ofMinutes(5), clock::nanoTime);
        CallTracking tracking = new CallTracking(loads, null, new LogLimit(clock::nanoTime));
        Random chance = new Random(7);
        memory = new ChannelMemory(policies);
        StepFactory.Setting setting = new StepFactory.Setting(memory, tracking, "svc", chance::nextDouble);
        chain = new PickerChain(LbConfig.parse(config), setting);
        chain.begin();
    }

    /** Takes a list of servers. */
    ChainScene with(EndpointCandidate... list) {
        return with(List.of(list));
    }

    ChainScene with(List<EndpointCandidate> list) {
        servers = list;
        publish();
        return this;
    }

    private void publish() {
        picker = chain.picker(servers);
        pickers++;
    }

    /** Lets time pass, and the steps act when they are due. */
    void forward(Duration time) {
        long end = clock.nanoTime() + time.toNanos();
        for (long due = chain.due(); due <= end - clock.nanoTime(); due = chain.due()) {
            clock.forward(Duration.ofNanos(due));
            if (chain.elapse()) {
                publish();
            }
        }
        clock.forward(Duration.ofNanos(end - clock.nanoTime()));
    }

    /** Says whether the steps wait for a moment. */
    boolean waits() {
        return chain.due() != Timed.NEVER;
    }

    /** Lets many calls to servers fail: to those from one place of the list to another, counted from 1. */
    void callsFail(int first, int last) {
        servers.subList(first - 1, last).forEach(server -> FakeServers.calls(server.load(), 100, CallOutcome.FAILURE));
    }

    PickResult pick(PickSubchannelArgs call) {
        return picker.pickSubchannel(call);
    }

    /** Returns how many of so many plain calls go to which server. */
    Map<String, Integer> picks(int calls) {
        return picks(FakeCall.PLAIN, calls);
    }

    private Map<String, Integer> picks(PickSubchannelArgs call, int calls) {
        Map<String, Integer> picks = new TreeMap<>();
        for (int i = 0; i < calls; i++) {
            picks.merge(pick(call).getStatus().getDescription(), 1, Integer::sum);
        }
        return picks;
    }

    /** Returns the servers among which calls like this are spread. */
    Set<String> targets(PickSubchannelArgs call) {
        return picks(call, 40).keySet();
    }

    /** Returns how many pickers have been made. */
    int pickers() {
        return pickers;
    }

    ChannelState state() {
        return memory.state();
    }
}
