package io.github.grpclb.bench;

import io.github.grpclb.bench.Load.Outcome;
import io.github.grpclb.testing.TestServer;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/** Calls over loopback through the starter, and over the same transport to the same three servers without it. */
final class CallsSuite implements Suite {

    private static final int CONCURRENCY = 16;
    private static final String CLIENT = "callee";
    private static final String PLAIN = "plain grpc-java, round_robin";
    private static final String OURS = "starter, round_robin";

    @Override
    public List<Table> run(Scale scale) throws Exception {
        FixedList.register();
        try (TestServer first = TestServer.start("1");
                TestServer second = TestServer.start("2");
                TestServer third = TestServer.start("3")) {
            List<String> servers = Stream.of(first, second, third)
                    .map(server -> "127.0.0.1:" + server.port())
                    .toList();
            try (ClientApplication ours =
                            ClientApplication.start(Map.of("grpc.lb.static." + CLIENT, String.join(",", servers)));
                    ClientApplication withoutUs = ClientApplication.startWithoutUs(CLIENT, servers)) {
                ManagedChannel plain = plain(servers);
                try {
                    Map<String, Channel> channels = new LinkedHashMap<>();
                    channels.put(PLAIN, plain);
                    channels.put("net.devh alone, round_robin", withoutUs.channel(CLIENT));
                    channels.put(OURS, ours.channel(CLIENT));
                    return List.of(compare(channels, scale));
                } finally {
                    plain.shutdownNow();
                }
            }
        }
    }

    private static ManagedChannel plain(List<String> servers) {
        return NettyChannelBuilder.forTarget(FixedList.target(servers))
                .defaultLoadBalancingPolicy("round_robin")
                .usePlaintext()
                .build();
    }

    /** Takes turns, so that what slows the machine for a while slows all. */
    private static Table compare(Map<String, Channel> channels, Scale scale) {
        Map<String, List<Outcome>> outcomes = new LinkedHashMap<>();
        channels.keySet().forEach(name -> outcomes.put(name, new ArrayList<>()));
        Suite.progress("calls, warm-up");
        channels.values()
                .forEach(channel ->
                        Load.closed(channel, CONCURRENCY, scale.round().multipliedBy(2)));
        for (int round = 1; round <= scale.rounds(); round++) {
            Suite.progress("calls, round " + round + " of " + scale.rounds());
            channels.forEach(
                    (name, channel) -> outcomes.get(name).add(Load.closed(channel, CONCURRENCY, scale.round())));
        }
        Table table = new Table(
                CONCURRENCY + " calls in flight over loopback, 3 servers, all in one process",
                "",
                "calls/s",
                "p50 ms",
                "p99 ms",
                "× plain",
                "goal");
        outcomes.forEach((name, rounds) -> {
            Histogram all = new Histogram(3);
            rounds.forEach(round -> all.add(round.latencies()));
            Spread ratio = ratio(rounds, outcomes.get(PLAIN));
            table.add(
                    name,
                    Numbers.of(Math.rint(Spread.of(perSecond(rounds)).mean())),
                    Numbers.of(all.getValueAtPercentile(50) / 1e6),
                    Numbers.of(all.getValueAtPercentile(99) / 1e6),
                    name.equals(PLAIN) ? "1" : ratio.toString(),
                    name.equals(OURS) ? verdict(ratio) : "");
        });
        return table;
    }

    private static String verdict(Spread ratio) {
        double best = ratio.mean() + ratio.error();
        return best >= 1 ? "✓ ≥ 1 within noise" : "✗ ≥ 1 within noise (missed by " + Numbers.percent(1 - best) + ")";
    }

    private static Spread ratio(List<Outcome> rounds, List<Outcome> baseline) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < rounds.size(); i++) {
            ratios.add(rounds.get(i).callsPerSecond() / baseline.get(i).callsPerSecond());
        }
        return Spread.of(ratios);
    }

    private static List<Double> perSecond(List<Outcome> rounds) {
        return rounds.stream().map(Outcome::callsPerSecond).toList();
    }
}
