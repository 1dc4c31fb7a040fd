package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.balancer.dryrun.DryCall;
import io.github.grpclb.balancer.dryrun.DryRun;
import io.github.grpclb.balancer.dryrun.Prediction;
import io.github.grpclb.balancer.dryrun.Prediction.Share;
import io.github.grpclb.balancer.dryrun.WhatIf;
import io.github.grpclb.balancer.pick.FakeServers;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.CopyablePolicy;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyFactory;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeSubchannel;
import io.grpc.ClientStreamTracer;
import io.grpc.ClientStreamTracer.StreamInfo;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.Metadata;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** A channel whose calls are predicted and then made. The policies' chance is seeded. */
final class DryRunScene {

    /** The normal deviate that chance exceeds once in a million times. */
    private static final double ONCE_IN_A_MILLION = 4.75;

    /** Calls in a second, where they are of no matter. */
    static final int RATE = 1000;

    private final LiveEndpoints live = new LiveEndpoints();
    private final Random arrivals = new Random(11);
    private final BalancerScene balancer;
    private final DryRun dryRun;

    DryRunScene() {
        this(List.of(), List.of(), null);
    }

    DryRunScene(List<Policy> shared, List<PolicyFactory> factories, @Nullable PickObserver observer) {
        NameResolver.Args.Builder args = NameResolver.Args.newBuilder()
                .setArg(BalancerArgs.LIVE_ENDPOINTS, live)
                .setArg(BalancerArgs.COPIES, live.copies())
                .setArg(BalancerArgs.CLIENT, "client");
        if (observer != null) {
            args.setArg(BalancerArgs.OBSERVER, observer);
        }
        this.balancer = new BalancerScene(seeded(shared, factories), args);
        this.dryRun = new DryRun(live.copies(), (client, policy) -> Map.of());
    }

    /** Returns the built-in policies with seeded chance, and others. */
    private static PolicyTable seeded(List<Policy> shared, List<PolicyFactory> factories) {
        PolicyTable builtIn = Policies.with(List.of());
        Map<String, Function<ConfigFields, Policy>> makers = new HashMap<>();
        for (String name : builtIn.names()) {
            makers.put(name, options -> ((CopyablePolicy) builtIn.create(name, options)).copy(new Random(5)::nextLong));
        }
        return new PolicyTable(makers, shared, factories);
    }

    BalancerScene balancer() {
        return balancer;
    }

    LiveEndpoints live() {
        return live;
    }

    Prediction predict(String call, String change) {
        return dryRun.predict("svc", "client", DryCall.parse(call), WhatIf.parse(change));
    }

    /** Returns the calls that are predicted for each server, by its port. */
    static Map<Integer, Integer> calls(@Nullable List<Share> shares) {
        Map<Integer, Integer> calls = new TreeMap<>();
        for (Share share : Objects.requireNonNull(shares)) {
            int port =
                    Integer.parseInt(share.address().substring(share.address().lastIndexOf(':') + 1));
            calls.merge(port, (int) Math.round(share.share() * Prediction.PICKS), Integer::sum);
        }
        return calls;
    }

    /** Makes as many calls as are predicted, {@value #RATE} in a second, which take a millisecond each. */
    Map<Integer, Integer> make(FakeCall call) {
        return play(call, Prediction.PICKS, RATE, port -> Duration.ofMillis(1));
    }

    /** Makes some calls of that kind, so that it is known what they take. */
    void warmUp(FakeCall call) {
        play(call, 2 * RATE, RATE, port -> Duration.ofMillis(1));
    }

    /** Makes calls that arrive at a rate and each take the time of their server. */
    Map<Integer, Integer> play(int calls, double perSecond, IntFunction<Duration> latency) {
        return play(FakeCall.PLAIN, calls, perSecond, latency);
    }

    private Map<Integer, Integer> play(FakeCall call, int calls, double perSecond, IntFunction<Duration> latency) {
        Map<Integer, Integer> byPort = new TreeMap<>();
        for (int i = 0; i < calls; i++) {
            double gap = -Math.log(1 - arrivals.nextDouble()) * 1e9 / perSecond;
            balancer.helper().clock().forward(Duration.ofNanos((long) gap));
            PickResult picked = balancer.helper().pick(call);
            int port = ((FakeSubchannel) Objects.requireNonNull(picked.getSubchannel())).port();
            byPort.merge(port, 1, Integer::sum);
            send(picked, latency.apply(port));
        }
        return byPort;
    }

    private void send(PickResult picked, Duration latency) {
        ClientStreamTracer tracer = Objects.requireNonNull(picked.getStreamTracerFactory())
                .newClientStreamTracer(StreamInfo.newBuilder().build(), new Metadata());
        tracer.outboundHeaders();
        balancer.helper()
                .clock()
                .schedule(
                        () -> {
                            tracer.inboundMessage(0);
                            tracer.streamClosed(Status.OK);
                        },
                        latency.toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    /** Lets a connection be lost. */
    void fails(int port) {
        balancer.helper().subchannel(port).fails("refused");
        balancer.settle();
    }

    static Endpoint.Builder server(int port) {
        return FakeServers.endpoint(port);
    }

    /**
     * Fails where two sets of as many calls are shared otherwise than chance allows: by the χ² test of homogeneity, which a right
     * prediction fails once in a million times.
     */
    static void assertAgree(Map<Integer, Integer> predicted, Map<Integer, Integer> made) {
        double chiSquare = 0;
        int degrees = -1;
        for (int port : union(predicted, made)) {
            double one = predicted.getOrDefault(port, 0);
            double other = made.getOrDefault(port, 0);
            if (one + other > 0) {
                chiSquare += (one - other) * (one - other) / (one + other);
                degrees++;
            }
        }
        assertThat(degrees).as("%s", predicted).isNotNegative();
        // Wilson and Hilferty
        double k = Math.max(1, degrees);
        double bound = k * Math.pow(1 - 2 / (9 * k) + ONCE_IN_A_MILLION * Math.sqrt(2 / (9 * k)), 3);
        assertThat(chiSquare)
                .as("χ² of %s predicted and %s made", predicted, made)
                .isLessThan(bound);
    }

    private static List<Integer> union(Map<Integer, Integer> one, Map<Integer, Integer> other) {
        TreeMap<Integer, Integer> all = new TreeMap<>(one);
        all.putAll(other);
        return List.copyOf(all.keySet());
    }
}
