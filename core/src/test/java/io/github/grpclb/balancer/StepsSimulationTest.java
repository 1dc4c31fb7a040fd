package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.pick.FakeServers;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeSubchannel;
import io.grpc.LoadBalancer.PickResult;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds whatever steps are configured together, over whatever servers: no list ends the channel, and no call is lost in between. */
class StepsSimulationTest {

    private static final List<String> POLICIES =
            Policies.with(List.of()).names().stream().sorted().toList();
    private static final List<String> VALUES = List.of("v1", "v2", "v3");

    private final BalancerScene scene = new BalancerScene();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aPlainCallFindsAServerWhileAllAreReadyUnlessAllAreDisabled(long seed) {
        Random chance = new Random(seed);
        for (int step = 0; step < 500; step++) {
            Map<String, ?> config = config(chance);
            Endpoint.Builder[] servers = servers(chance);
            scene.accept(config, servers);
            someLeave(chance);
            scene.settle();
            String what = "seed %d, step %d: %s over %s".formatted(seed, step, config, describe(servers));
            pickNoDisabled(FakeCall.PLAIN, what, servers);
            pick(FakeCall.with(RoutingKeys.SERVER_ID, "s" + (1 + chance.nextInt(6))));
            pickNoDisabled(FakeCall.with(RoutingKeys.TAGS, Map.of("version", any(VALUES, chance))), what, servers);
            pickNoDisabled(FakeCall.with(RoutingKeys.HASH_KEY, "key"), what, servers);
            scene.acceptReady(config, servers);
            PickResult result = pickNoDisabled(FakeCall.PLAIN, what, servers);
            if (disabled(servers).size() < servers.length) {
                assertThat(result.getSubchannel()).as(what).isNotNull();
            } else {
                assertThat(result.getStatus().getDescription()).as(what).contains(" disabled");
            }
            if (chance.nextInt(4) == 0) {
                scene.forward(chance.nextInt(40));
            }
        }
        scene.shutdown();
        assertThat(scene.helper().clock().pending()).isZero();
    }

    private PickResult pickNoDisabled(FakeCall call, String what, Endpoint.Builder... servers) {
        PickResult result = pick(call);
        if (result.getSubchannel() instanceof FakeSubchannel chosen) {
            assertThat(disabled(servers)).as(what).doesNotContain(chosen.port());
        }
        return result;
    }

    private static Set<Integer> disabled(Endpoint.Builder... servers) {
        return describe(servers).stream()
                .filter(each -> each.state() == Endpoint.State.DISABLED)
                .map(Endpoint::port)
                .collect(Collectors.toSet());
    }

    private PickResult pick(FakeCall call) {
        return scene.helper().pick(call);
    }

    private void someLeave(Random chance) {
        List.copyOf(scene.helper().subchannels()).stream()
                .filter(subchannel -> !subchannel.isShutdown())
                .forEach(subchannel -> change(subchannel, chance));
    }

    private static void change(FakeSubchannel subchannel, Random chance) {
        switch (chance.nextInt(4)) {
            case 0 -> subchannel.idle();
            case 1 -> subchannel.connecting();
            case 2 -> subchannel.fails("refused");
            default -> subchannel.ready();
        }
    }

    private static Map<String, ?> config(Random chance) {
        Map<String, Object> config = new HashMap<>(Map.of("policy", any(POLICIES, chance)));
        if (chance.nextBoolean()) {
            config.put(
                    "tags",
                    IntStream.rangeClosed(0, chance.nextInt(2))
                            .mapToObj(i -> rule(chance))
                            .toList());
        }
        if (chance.nextBoolean()) {
            config.put("zone", Map.of("own", any(VALUES, chance)));
        }
        if (chance.nextBoolean()) {
            config.put("subsetSize", 1 + chance.nextInt(3));
        }
        if (chance.nextBoolean()) {
            config.put("panicThreshold", chance.nextInt(101));
        }
        if (chance.nextBoolean()) {
            config.put("slowStart", Map.of("window", "30s"));
        }
        if (chance.nextBoolean()) {
            config.put("outlierDetection", Map.of("failurePercentageEjection", Map.of("minimumHosts", 1)));
        }
        return config;
    }

    private static Map<String, ?> rule(Random chance) {
        Map<String, Object> rule = new HashMap<>(Map.of("key", any(List.of("version", "zone", "color"), chance)));
        rule.put("fallback", chance.nextBoolean());
        if (chance.nextInt(4) > 0) {
            Map<String, Integer> split = new HashMap<>();
            VALUES.stream()
                    .filter(value -> chance.nextBoolean())
                    .forEach(value -> split.put(value, chance.nextInt(34)));
            rule.put("split", split);
        }
        return rule;
    }

    /** Of few kinds, so that often all are of one. */
    private static Endpoint.Builder[] servers(Random chance) {
        int kinds = 1 + chance.nextInt(VALUES.size());
        return IntStream.rangeClosed(1, 1 + chance.nextInt(5))
                .mapToObj(i -> FakeServers.endpoint(i)
                        .version(chance.nextInt(6) == 0 ? null : VALUES.get(chance.nextInt(kinds)))
                        .zone(chance.nextInt(6) == 0 ? null : VALUES.get(chance.nextInt(kinds)))
                        .weight(chance.nextInt(3))
                        .state(state(chance)))
                .toArray(Endpoint.Builder[]::new);
    }

    private static Endpoint.State state(Random chance) {
        return switch (chance.nextInt(6)) {
            case 0 -> Endpoint.State.DRAINING;
            case 1 -> Endpoint.State.DISABLED;
            default -> Endpoint.State.UP;
        };
    }

    private static String any(List<String> values, Random chance) {
        return values.get(chance.nextInt(values.size()));
    }

    private static List<Endpoint> describe(Endpoint.Builder... servers) {
        return List.of(servers).stream().map(Endpoint.Builder::build).toList();
    }
}
