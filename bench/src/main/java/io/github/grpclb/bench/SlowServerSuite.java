package io.github.grpclb.bench;

import io.github.grpclb.bench.Load.Outcome;
import io.grpc.Channel;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What each policy makes of three servers, one of which is ten times slower than the others. */
final class SlowServerSuite implements Suite {

    private static final Duration FAST = Duration.ofMillis(2);
    private static final Duration SLOW = Duration.ofMillis(20);
    private static final Duration INTERVAL = Duration.ofMillis(2);
    private static final String BASELINE = "round_robin";
    private static final double GOAL = 0.25;

    @Override
    public List<Table> run(Scale scale) throws Exception {
        try (DelayedServer first = new DelayedServer("fast 1", FAST);
                DelayedServer second = new DelayedServer("fast 2", FAST);
                DelayedServer slow = new DelayedServer("slow", SLOW)) {
            String servers = String.join(",", first.address(), second.address(), slow.address());
            Map<String, String> properties = new HashMap<>();
            OurContenders.names().forEach(policy -> {
                properties.put("grpc.lb.static." + client(policy), servers);
                properties.put("grpc.lb.clients." + client(policy) + ".policy", policy);
            });
            try (ClientApplication application = ClientApplication.start(properties)) {
                Map<String, Outcome> outcomes = new LinkedHashMap<>();
                for (String policy : OurContenders.names().toList()) {
                    Suite.progress("slow server: " + policy);
                    Channel channel = application.channel(client(policy));
                    Load.open(channel, INTERVAL, scale.round());
                    outcomes.put(
                            policy, Load.open(channel, INTERVAL, scale.round().multipliedBy(4)));
                }
                return List.of(table(outcomes));
            }
        }
    }

    private static Table table(Map<String, Outcome> outcomes) {
        Table table = new Table(
                "500 calls/s to three servers, one of which takes 20 ms where the others take 2 ms",
                "",
                "p50 ms",
                "p99 ms",
                "slow one's share",
                "p99 × " + BASELINE,
                "goal");
        double base = outcomes.get(BASELINE).millisAt(99);
        outcomes.forEach((policy, outcome) -> {
            double ratio = outcome.millisAt(99) / base;
            boolean hasGoal = policy.equals("peak_ewma");
            table.add(
                    policy,
                    Numbers.of(outcome.millisAt(50)),
                    Numbers.of(outcome.millisAt(99)),
                    Numbers.percent(outcome.shareOf("slow")),
                    Numbers.of(ratio),
                    hasGoal ? Goal.verdict("≤ " + Numbers.plain(GOAL) + " × " + BASELINE, ratio, GOAL, "") : "");
        });
        return table;
    }

    private static String client(String policy) {
        return policy.replace("_", "-");
    }
}
