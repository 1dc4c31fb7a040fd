package io.github.grpclb.policy.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.testing.Allocation;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeCandidate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who owns which keys, and which of them move. */
class ConsistentHashPolicyTest {

    private static final int KEYS = 20_000;

    private static final List<FakeCall> CALLS = IntStream.range(0, KEYS)
            .mapToObj(key -> FakeCall.with(RoutingKeys.HASH_KEY, "user-" + key))
            .toList();

    private final Random chance = new Random(7);

    @ParameterizedTest
    @ValueSource(strings = {"ring", "maglev"})
    void aKeyStaysWithItsServer(String algorithm) {
        List<Candidate> servers = FakeCandidate.withWeights(1, 1, 1);
        List<Candidate> owners = owners(policy(algorithm), servers, servers);
        assertThat(owners(policy(algorithm), servers, servers)).isEqualTo(owners);
        assertThat(owners).containsOnly(servers.toArray(Candidate[]::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ring", "maglev"})
    void theOrderOfTheListDoesNotMatter(String algorithm) {
        List<Candidate> servers = FakeCandidate.withWeights(1, 2, 3, 1, 1);
        List<Candidate> shuffled = new ArrayList<>(servers);
        Collections.shuffle(shuffled, chance);
        assertThat(owners(policy(algorithm), shuffled, shuffled))
                .isEqualTo(owners(policy(algorithm), servers, servers));
    }

    @Test
    void theSameKeysBelongToTheSameServersInEveryVersion() {
        List<Candidate> servers = FakeCandidate.withWeights(1, 1, 1, 1, 1);
        StringBuilder owners = new StringBuilder();
        for (String algorithm : List.of("ring", "maglev")) {
            Policy.Picker picker = policy(algorithm).picker(servers, servers);
            for (int key = 0; key < 10; key++) {
                owners.append(picker.pick(FakeCall.with(RoutingKeys.HASH_KEY, "user-" + key))
                        .endpoint()
                        .id());
            }
        }
        assertThat(owners.toString()).isEqualTo("31132404024241212243");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ring", "maglev"})
    void serversWithOneIdShareEvenly(String algorithm) {
        List<Candidate> servers = List.of(named("a", 1, 5), named("b", 2, 5), named("a", 3, 5));
        for (List<Candidate> list : List.of(servers, List.of(servers.get(2), servers.get(1), servers.get(0)))) {
            Map<Candidate, Long> shares = owners(policy(algorithm), list, list).stream()
                    .collect(Collectors.groupingBy(owner -> owner, Collectors.counting()));
            assertThat(shares.values()).hasSize(3).allSatisfy(share -> assertThat(share)
                    .isCloseTo((long) KEYS / 3, withinPercentage(10)));
        }
        List<Candidate> turned = List.of(servers.get(1), servers.get(2), servers.get(0));
        assertThat(owners(policy(algorithm), turned, turned)).isEqualTo(owners(policy(algorithm), servers, servers));
    }

    /** A process that was moved has its id to itself at once: when the old record ends, none of its keys moves. */
    @ParameterizedTest
    @ValueSource(strings = {"ring", "maglev"})
    void theOneThatStartedLastKeepsTheKeysOfItsId(String algorithm) {
        Candidate old = named("a", 1, 5);
        Candidate moved = named("a", 2, 6);
        Candidate other = named("b", 3, 5);
        Policy policy = policy(algorithm);
        List<Candidate> before = owners(policy, List.of(old, other), List.of(old, other));
        List<Candidate> both = owners(policy, List.of(old, moved, other), List.of(old, moved, other));
        List<Candidate> after = owners(policy, List.of(moved, other), List.of(moved, other));
        long stay = both.stream().filter(owner -> owner == moved).count();
        assertThat(stay).isPositive();
        for (int key = 0; key < KEYS; key++) {
            assertThat(after.get(key)).isSameAs(before.get(key) == old ? moved : other);
            if (algorithm.equals("ring") && both.get(key) != old) {
                assertThat(after.get(key)).isSameAs(both.get(key));
            }
        }
    }

    private static Candidate named(String id, int host, long startedAt) {
        Endpoint endpoint = Endpoint.builder("svc", "10.0.0." + host, 80)
                .id(id)
                .startedAt(startedAt)
                .build();
        return new FakeCandidate(endpoint, 1, new EndpointLoad(endpoint.identity(), 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 10, 100})
    void whereOneLeavesTheRingOnlyItsKeysMove(int n) {
        List<Candidate> servers = some(n);
        Policy policy = policy("ring");
        List<Candidate> before = owners(policy, servers, servers);
        for (Candidate leaving : servers.subList(0, Math.min(n, 10))) {
            List<Candidate> rest = without(servers, leaving);
            List<Candidate> after = owners(policy, rest, rest);
            for (int key = 0; key < KEYS; key++) {
                if (before.get(key) != leaving) {
                    assertThat(after.get(key)).isSameAs(before.get(key));
                }
            }
            assertThat(moved(before, after)).isLessThanOrEqualTo(1.5 / n);
        }
    }

    @Test
    void whereOneLeavesTheMaglevTableFewOtherKeysMove() {
        List<Candidate> servers = some(10);
        Policy policy = policy("maglev");
        List<Candidate> before = owners(policy, servers, servers);
        for (Candidate leaving : servers) {
            List<Candidate> rest = without(servers, leaving);
            assertThat(moved(before, owners(policy, rest, rest))).isBetween(0.5 / 10, 1.5 / 10);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ring", "maglev"})
    void aReconnectMovesOnlyTheKeysOfTheServerAndOnlyForAsLong(String algorithm) {
        List<Candidate> servers = some(10);
        Policy policy = policy(algorithm);
        List<Candidate> before = owners(policy, servers, servers);
        Candidate away = servers.get(3);
        List<Candidate> meanwhile = owners(policy, servers, without(servers, away));
        for (int key = 0; key < KEYS; key++) {
            if (before.get(key) == away) {
                assertThat(meanwhile.get(key)).isNotSameAs(away);
            } else {
                assertThat(meanwhile.get(key)).isSameAs(before.get(key));
            }
        }
        assertThat(owners(policy, servers, servers)).isEqualTo(before);
    }

    @Test
    void theKeysOfAServerThatIsAwayOnTheRingGoWhereTheyGoWhenItLeaves() {
        List<Candidate> servers = some(10);
        List<Candidate> rest = without(servers, servers.get(3));
        assertThat(owners(policy("ring"), servers, rest)).isEqualTo(owners(policy("ring"), rest, rest));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ring", "maglev"})
    void keysAreSharedByWeight(String algorithm) {
        List<Candidate> servers = FakeCandidate.withWeights(5, 1, 3, 1);
        Map<Candidate, Integer> counts = counts(owners(policy(algorithm), servers, servers));
        for (Candidate server : servers) {
            assertThat(counts.get(server))
                    .isCloseTo(
                            (int) (KEYS * server.weight() / 10), withinPercentage(algorithm.equals("ring") ? 15 : 5));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ring", "maglev"})
    void aServerWithoutWeightOwnsNothingAndStandsInForAll(String algorithm) {
        List<Candidate> known = FakeCandidate.withWeights(0, 1, 1);
        List<Candidate> others = known.subList(1, 3);
        assertThat(owners(policy(algorithm), known, others)).isEqualTo(owners(policy(algorithm), others, others));
        Candidate standIn =
                new FakeCandidate(known.get(0).endpoint(), 1, known.get(0).load());
        assertThat(owners(policy(algorithm), known, List.of(standIn))).containsOnly(standIn);
        List<Candidate> idle = FakeCandidate.withWeights(0, 0);
        assertThat(counts(owners(policy(algorithm), idle, idle))).hasSize(2);
    }

    @Test
    void theRingKeepsToItsBounds() {
        double[] weights = chance.doubles(10_000, 0.1, 1_000_000).toArray();
        String[] names = new String[weights.length];
        for (int i = 0; i < names.length; i++) {
            names[i] = "s" + i;
        }
        assertThat(RingTable.of(names, weights, 1_024, 131_072).owners()).hasSizeBetween(40_000, 131_072);
        assertThat(RingTable.of(names, weights, 1_024, 1_024).owners()).hasSize(10_000);
        assertThat(RingTable.of(new String[] {"a"}, new double[] {1e-9}, 4_096, 8_192)
                        .owners())
                .hasSizeBetween(4_096, 8_192);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ring", "maglev"})
    void noServerHasMoreThanTheFactorOfItsFairShare(String algorithm) {
        List<Candidate> servers = FakeCandidate.withWeights(1, 1, 2, 1, 5, 1, 1, 2, 1, 1);
        Policy.Picker picker = new ConsistentHashPolicy(
                        ConfigFields.of(Map.of("algorithm", algorithm, "hashBalanceFactor", 125)), chance::nextLong)
                .picker(servers, servers);
        List<EndpointLoad> running = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            // a third of all calls is for one key
            String key = chance.nextInt(3) == 0 ? "hot" : "key-" + chance.nextInt(100);
            Candidate server = picker.pick(FakeCall.with(RoutingKeys.HASH_KEY, key));
            server.load().started(0);
            running.add(server.load());
            double limit = Math.ceil(1.25 * running.size() * server.weight() / 16);
            assertThat(server.load().inFlight()).isLessThanOrEqualTo((int) limit);
            if (running.size() > 200) {
                running.remove(chance.nextInt(running.size())).ended(CallOutcome.SUCCESS, false, 0, 0);
            }
        }
    }

    @Test
    void theBoundIsKeptAmongManyServersWithFewReads() {
        List<Candidate> servers = some(1_000);
        Policy.Picker picker = new ConsistentHashPolicy(
                        ConfigFields.of(Map.of("hashBalanceFactor", 150)), chance::nextLong)
                .picker(servers, servers);
        for (int calls = 1; calls <= 5_000; calls++) {
            Candidate server = picker.pick(FakeCall.with(RoutingKeys.HASH_KEY, "hot"));
            server.load().started(0);
            assertThat(server.load().inFlight()).isLessThanOrEqualTo((int) Math.ceil(1.5 * calls / 1_000));
        }
    }

    @Test
    void takesTheKeyFromTheCallBeforeTheHeader() {
        List<Candidate> servers = some(50);
        Policy.Picker picker = new ConsistentHashPolicy(ConfigFields.of(Map.of("header", "x-user")), chance::nextLong)
                .picker(servers, servers);
        Candidate owner = picker.pick(FakeCall.with(RoutingKeys.HASH_KEY, "a"));
        assertThat(picker.pick(FakeCall.withHeader("x-user", "a"))).isSameAs(owner);
        assertThat(picker.pick(
                        FakeCall.with(RoutingKeys.HASH_KEY, "a").withHeadersOf(FakeCall.withHeader("x-user", "b"))))
                .isSameAs(owner);
        assertThat(picker.pick(FakeCall.withHeader("x-user", "b"))).isNotSameAs(owner);
    }

    @Test
    void spreadsCallsWithoutAKeyByWeight() {
        double[] weights = {5, 1};
        List<Candidate> servers = FakeCandidate.withWeights(weights);
        Policy.Picker picker = new ConsistentHashPolicy(
                        ConfigFields.of(Map.of("algorithm", "maglev")), chance::nextLong)
                .picker(servers, servers);
        int[] counts = new int[2];
        for (int i = 0; i < 30_000; i++) {
            counts[
                    servers.indexOf(
                            picker.pick(i % 2 == 0 ? FakeCall.PLAIN : FakeCall.with(RoutingKeys.HASH_KEY, "")))]++;
        }
        assertThat(Shares.chiSquare(counts, weights)).isLessThan(10.8); // 1 degree of freedom, p = 0.001
    }

    @Test
    void failsCallsWithoutAKeyWhereItIsToldTo() {
        List<Candidate> servers = some(2);
        Policy.Picker picker = new ConsistentHashPolicy(ConfigFields.of(Map.of("noKey", "fail")), chance::nextLong)
                .picker(servers, servers);
        assertThat(picker.pick(FakeCall.PLAIN)).isNull();
        assertThat(picker.reason(FakeCall.PLAIN)).isEqualTo("the call has no hash key");
        assertThat(picker.pick(FakeCall.with(RoutingKeys.HASH_KEY, "a"))).isNotNull();
        Policy.Picker withHeader = new ConsistentHashPolicy(
                        ConfigFields.of(Map.of("noKey", "fail", "header", "X-User")), chance::nextLong)
                .picker(servers, servers);
        assertThat(withHeader.reason(FakeCall.PLAIN))
                .isEqualTo("the call has no hash key, neither as an option nor in the header 'x-user'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ring", "maglev"})
    void allocatesNothingForAPick(String algorithm) {
        List<Candidate> servers = some(100);
        Policy.Picker picker = new ConsistentHashPolicy(
                        ConfigFields.of(Map.of("algorithm", algorithm, "hashBalanceFactor", 150)), chance::nextLong)
                .picker(servers, servers);
        FakeCall call = FakeCall.with(RoutingKeys.HASH_KEY, "user-4711");
        assertThat(Allocation.bytesPerRun(() -> picker.pick(call))).isLessThan(1);
    }

    @Test
    void namesOptionValueAndRangeOfWhatIsWrong() {
        assertRefused(Map.of("algorithm", "rendezvous"), "algorithm: 'rendezvous' (expected: 'ring' or 'maglev')");
        assertRefused(Map.of("noKey", "wait"), "noKey: 'wait' (expected: 'random' or 'fail')");
        assertRefused(
                Map.of("header", "x-user-bin"),
                "header: 'x-user-bin' (expected: a gRPC header's name that does not end in -bin)");
        assertRefused(
                Map.of("hashBalanceFactor", 50),
                "hashBalanceFactor: 50 (expected: 0, or a whole number from 100 to 10000)");
        assertRefused(Map.of("minRingSize", 0), "minRingSize: 0 (expected: a whole number from 1 to 8388608)");
        assertRefused(
                Map.of("minRingSize", 2_048, "maxRingSize", 1_024),
                "maxRingSize: 1024 (expected: a whole number from 2048 to 8388608)");
    }

    private ConsistentHashPolicy policy(String algorithm) {
        return new ConsistentHashPolicy(ConfigFields.of(Map.of("algorithm", algorithm)), chance::nextLong);
    }

    private static List<Candidate> some(int n) {
        List<Candidate> servers = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            servers.add(FakeCandidate.of(i, 1));
        }
        return servers;
    }

    private static List<Candidate> without(List<Candidate> servers, Candidate one) {
        return servers.stream().filter(server -> server != one).toList();
    }

    /** Returns the owner of each key. */
    private static List<Candidate> owners(Policy policy, List<Candidate> known, List<Candidate> ready) {
        Policy.Picker picker = policy.picker(known, ready);
        return CALLS.stream().map(picker::pick).toList();
    }

    private static double moved(List<Candidate> before, List<Candidate> after) {
        int moved = 0;
        for (int key = 0; key < KEYS; key++) {
            moved += before.get(key) == after.get(key) ? 0 : 1;
        }
        return (double) moved / KEYS;
    }

    private static Map<Candidate, Integer> counts(List<Candidate> owners) {
        Map<Candidate, Integer> counts = new IdentityHashMap<>();
        owners.forEach(owner -> counts.merge(owner, 1, Integer::sum));
        return counts;
    }

    private static void assertRefused(Map<String, ?> options, String message) {
        assertThatThrownBy(() -> new ConsistentHashPolicy(ConfigFields.of(options)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
