package io.github.grpclb.bench;

import io.github.grpclb.balancer.BalancerArgs;
import io.github.grpclb.balancer.PolicyLoadBalancerProvider;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FakeHelper;
import io.grpc.CallOptions;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.NameResolver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The shares of 50 servers that come to 50 others at once, under slow start and in fake time. */
final class SlowStartSuite implements Suite {

    private static final int EACH = 50;
    private static final int PICKS = 20_000;
    private static final Duration WINDOW = Duration.ofSeconds(30);
    private static final List<Integer> SECONDS = List.of(0, 3, 8, 15, 22, 30, 35);
    private static final double NOISE = 0.02;

    @Override
    public List<Table> run(Scale scale) {
        List<String> header = new ArrayList<>(List.of(""));
        SECONDS.forEach(second -> header.add(second + " s"));
        header.add("goal");
        Table table = new Table("Share of 50 servers that join 50 others, slow start of 30 s", header);
        table.add(row(
                "what the law gives",
                SECONDS.stream().map(SlowStartSuite::lawful).toList(),
                false));
        OurContenders.names().forEach(policy -> {
            Suite.progress("slow start: " + policy);
            table.add(row(policy, shares(policy), true));
        });
        return List.of(table);
    }

    private static List<String> row(String name, List<Double> shares, boolean hasGoal) {
        List<String> row = new ArrayList<>(List.of(name));
        shares.forEach(share -> row.add(Numbers.percent(share)));
        row.add(hasGoal ? verdict(worstError(shares)) : "");
        return row;
    }

    private static String verdict(double error) {
        return (error <= NOISE ? "✓" : "✗") + " the law ± " + Numbers.percent(NOISE) + " (" + Numbers.percent(error)
                + ")";
    }

    private static double worstError(List<Double> shares) {
        double worst = 0;
        for (int i = 0; i < shares.size(); i++) {
            worst = Math.max(worst, Math.abs(shares.get(i) - lawful(SECONDS.get(i))));
        }
        return worst;
    }

    private static double lawful(int second) {
        double part = Math.max(0.1, Math.min(1, (double) second / WINDOW.toSeconds()));
        return part / (1 + part);
    }

    private static List<Double> shares(String policy) {
        ReadyChannel channel = channel(policy);
        List<EquivalentAddressGroup> all = Fleet.equal(2 * EACH);
        channel.accept(all.subList(0, EACH));
        channel.clock().forward(WINDOW.multipliedBy(2));
        channel.accept(all);
        Set<EquivalentAddressGroup> joined = new HashSet<>(all.subList(EACH, 2 * EACH));
        List<Double> shares = new ArrayList<>();
        int now = 0;
        for (int second : SECONDS) {
            channel.clock().forward(Duration.ofSeconds(second - now));
            now = second;
            shares.add(shareOf(joined, channel));
        }
        return shares;
    }

    private static ReadyChannel channel(String policy) {
        FakeClock[] clock = new FakeClock[1];
        EndpointLoads loads = new EndpointLoads(Duration.ofMinutes(5), () -> clock[0].nanoTime());
        FakeHelper helper = new FakeHelper(NameResolver.Args.newBuilder().setArg(BalancerArgs.LOADS, loads));
        clock[0] = helper.clock();
        Map<String, ?> slowStart = Map.of("window", WINDOW.toSeconds() + "s");
        return new ReadyChannel(
                new PolicyLoadBalancerProvider(), Map.of("policy", policy, "slowStart", slowStart), helper);
    }

    private static double shareOf(Set<EquivalentAddressGroup> servers, ReadyChannel channel) {
        PickSubchannelArgs[] calls = Keys.calls(user -> CallOptions.DEFAULT);
        int hits = 0;
        for (int i = 0; i < PICKS; i++) {
            Subchannel picked =
                    channel.picker().pickSubchannel(calls[Keys.user(i)]).getSubchannel();
            hits += picked != null && servers.contains(picked.getAddresses()) ? 1 : 0;
        }
        return (double) hits / PICKS;
    }
}
