package io.github.grpclb.balancer.dryrun;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.ConnectionUse;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.EndpointStates;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.balancer.connection.Since;
import io.github.grpclb.balancer.connection.SubsetPlace;
import io.github.grpclb.balancer.pick.ChannelCopy;
import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.balancer.pick.ChannelPicker;
import io.github.grpclb.balancer.pick.PickerChain;
import io.github.grpclb.balancer.pick.RoutingPicker;
import io.github.grpclb.balancer.pick.ServerIds;
import io.github.grpclb.balancer.pick.StepFactory;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.EndpointLoads;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.FixedResultPicker;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A channel with the configuration, the servers and the memory of a real one, whose connections lead nowhere. It makes calls in virtual
 * time. The steps stay as they are at its first moment: nobody is ejected meanwhile, comes back, or grows older. For one run. Not
 * thread-safe.
 */
final class DryChannel {

    private final LbConfig config;
    private final Traffic traffic;
    private final VirtualClock clock;
    private final CallSimulation simulation;
    private final Map<EndpointLoad, EndpointLoad> loads = new IdentityHashMap<>();
    private final CallTracking tracking;
    private final PickerChain chain;
    private final int all;
    private final List<EndpointCandidate> servers;
    private final int woken;
    private int policyErrors;

    /**
     * What became of the calls.
     *
     * @param calls how many each server got, in the order of the channel's list; 0 for those that are gone
     * @param waited how many had to wait for a connection
     * @param failures how many failed, by reason
     * @param steps what they passed, in words
     */
    record Outcome(int[] calls, int waited, Map<String, Integer> failures, List<String> steps) {

        int failed() {
            return failures.values().stream().mapToInt(Integer::intValue).sum();
        }

        /** Returns why most of those that failed did; null where none did. */
        @Nullable
        String reason() {
            return failures.entrySet().stream()
                    .max(Map.Entry.comparingByValue())
                    .map(Map.Entry::getKey)
                    .orElse(null);
        }
    }

    /**
     * Makes a channel.
     *
     * @param config what it is configured to do
     * @param change what is otherwise with its servers
     * @param seed of all chance
     * @throws IllegalArgumentException if the policy is unknown, or its options are not for it
     */
    DryChannel(ChannelCopy of, LbConfig config, WhatIf change, Traffic traffic, long seed) {
        SplittableRandom arrivals = new SplittableRandom(seed);
        SplittableRandom picks = arrivals.split();
        this.config = config;
        this.traffic = traffic;
        this.clock = new VirtualClock(of.nanoTime());
        this.simulation = new CallSimulation(clock, arrivals::nextDouble);
        this.tracking =
                new CallTracking(new EndpointLoads(Duration.ZERO, clock), new CountsPolicyErrors(), LogLimit.silent());
        this.all = of.known().size();
        UnaryOperator<EndpointLoad> loadOf = this::loadOf;
        ChannelMemory memory = of.memory(picks::nextLong, loadOf);
        this.chain = new PickerChain(config, new StepFactory.Setting(memory, tracking, "dry run", picks::nextDouble));
        chain.begin();
        List<EndpointCandidate> dry = new ArrayList<>();
        for (int i = 0; i < all; i++) {
            EndpointCandidate real = of.known().get(i);
            Endpoint endpoint = change.apply(real.endpoint());
            if (endpoint != null) {
                dry.add(dry(real, endpoint, i));
            }
        }
        boolean redraws = config.subsetSize() > 0 && !change.isNothing() && !dry.isEmpty();
        List<EndpointCandidate> connected = redraws ? withSubset(dry) : dry;
        this.servers = connected;
        this.woken = (int) connected.stream()
                        .filter(candidate -> !candidate.isAsleep())
                        .count()
                - (int) dry.stream().filter(candidate -> !candidate.isAsleep()).count();
    }

    /** Makes calls that are all alike. */
    Outcome make(DryCall call, int calls) {
        int[] byServer = new int[all];
        Map<String, Integer> failures = new TreeMap<>();
        if (servers.isEmpty()) {
            failures.put("no server is left", calls);
            return new Outcome(byServer, 0, failures, List.of("connection: no server is left"));
        }
        int[] waited = new int[1];
        RoutingPicker picker = new RoutingPicker(
                config,
                tracking,
                ServerIds.NONE.next(servers),
                servers,
                ChannelPicker.of(config, tracking, EndpointStates.ofChannel(servers), servers, chain::triedPicker));
        List<String> steps = steps(picker, call);
        loads.forEach((real, load) -> simulation.alreadyOccupy(
                load, traffic.of(real).waiting(), traffic.of(real).nanos()));
        simulation.arrive(calls, traffic.callsPerSecond(), () -> {
            PickResult result = picker.pickSubchannel(call);
            if (result.getSubchannel() instanceof DryConnection connection) {
                byServer[connection.position]++;
                if (connection.isReady) {
                    simulation.occupy(connection.load, connection.nanos);
                } else {
                    waited[0]++;
                }
            } else if (result.getStatus().isOk()) {
                waited[0]++;
            } else {
                failures.merge(describe(result.getStatus()), 1, Integer::sum);
            }
        });
        if (policyErrors > 0) {
            steps.add("policy: " + config.policy() + " threw for " + policyErrors + " of " + calls
                    + " calls, which go to any server that is ready");
        }
        return new Outcome(byServer, waited[0], failures, steps);
    }

    private List<String> steps(RoutingPicker picker, DryCall call) {
        List<String> steps = new ArrayList<>();
        RoutingPicker.Bound bound = picker.bound(call);
        if (bound != null) {
            steps.add(bound.says());
        }
        if (bound == null || !bound.ends()) {
            if (woken > 0) {
                steps.add("subset: " + woken + " more are connected to");
            }
            if (config.subsetSize() > 0 || EndpointStates.ofChannel(servers) == ConnectivityState.READY) {
                steps.addAll(chain.path(servers, call));
            } else {
                steps.add("connection: none of " + servers.size() + " known servers is ready");
            }
        }
        steps.add(traffic.says());
        return steps;
    }

    private static String describe(Status status) {
        String description = status.getDescription();
        return description != null ? description : status.getCode().name();
    }

    private EndpointLoad loadOf(EndpointLoad real) {
        return loads.computeIfAbsent(real, one -> traffic.of(one).load().copyWithoutWaiting());
    }

    private EndpointCandidate dry(EndpointCandidate real, Endpoint endpoint, int position) {
        EndpointLoad load = loadOf(real.load());
        SubsetPlace place = real.place();
        return candidate(
                endpoint,
                endpoint == real.endpoint() ? real.weight() : endpoint.weight(),
                real.state(),
                real.suspect(),
                place == null
                        ? null
                        : new SubsetPlace(
                                new ConnectionUse(), place.rank(), place.member(), place.asleep(), place.coming()),
                new DryConnection(
                        position, real.isReady(), load, traffic.of(real.load()).nanos()),
                failure(real));
    }

    private static EndpointCandidate candidate(
            Endpoint endpoint,
            double weight,
            ConnectivityState state,
            boolean suspect,
            @Nullable SubsetPlace place,
            DryConnection connection,
            @Nullable Status failure) {
        PickResult result = failure == null ? PickResult.withSubchannel(connection) : PickResult.withError(failure);
        return new EndpointCandidate(
                endpoint,
                weight,
                connection.load,
                state,
                suspect,
                new FixedResultPicker(result),
                place,
                Since.UNKNOWN,
                result);
    }

    /** What a call to a server fails with; its real connection is not asked, since it could do something. */
    private static @Nullable Status failure(EndpointCandidate real) {
        if (!real.isFailing()) {
            return null;
        }
        PickResult answer = real.answer();
        return answer != null && !answer.getStatus().isOk()
                ? answer.getStatus()
                : Status.UNAVAILABLE.withDescription("no connection");
    }

    /** Draws the subset anew, and has connections to its members: those that are new are ready after a moment. */
    private List<EndpointCandidate> withSubset(List<EndpointCandidate> dry) {
        Set<ConnectionUse> members = chain.members(dry);
        List<EndpointCandidate> result = new ArrayList<>(dry.size());
        for (EndpointCandidate candidate : dry) {
            SubsetPlace place = candidate.place();
            if (place == null || place.member() == members.contains(place.use())) {
                result.add(candidate);
            } else if (place.asleep()
                    && candidate.answer() != null
                    && candidate.answer().getSubchannel() instanceof DryConnection connection) {
                result.add(candidate(
                        candidate.endpoint(),
                        candidate.weight(),
                        ConnectivityState.READY,
                        candidate.suspect(),
                        new SubsetPlace(place.use(), place.rank(), true, false, false),
                        connection.ready(),
                        null));
            } else {
                result.add(candidate.asMember(!place.member()));
            }
        }
        return result;
    }

    /** A connection that leads nowhere, and tells one server from another. */
    private static final class DryConnection extends Subchannel {

        private final int position;
        private final boolean isReady;
        private final EndpointLoad load;
        private final long nanos;

        DryConnection(int position, boolean isReady, EndpointLoad load, long nanos) {
            this.position = position;
            this.isReady = isReady;
            this.load = load;
            this.nanos = nanos;
        }

        DryConnection ready() {
            return new DryConnection(position, true, load, nanos);
        }

        @Override
        public void shutdown() {}

        @Override
        public void requestConnection() {}

        @Override
        public Attributes getAttributes() {
            return Attributes.EMPTY;
        }
    }

    private final class CountsPolicyErrors implements PickObserver {

        @Override
        public void pickFailed(String service, String policy, Failure failure) {
            policyErrors += failure == Failure.POLICY_ERROR ? 1 : 0;
        }
    }
}
