package io.github.grpclb.policy.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.testing.Allocation;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeCandidate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every policy of the table promises. */
class PoliciesTest {

    static SortedSet<String> names() {
        return Policies.with(List.of()).names();
    }

    private static Policy policy(String name) {
        return Policies.with(List.of()).create(name, Map.of());
    }

    @ParameterizedTest
    @MethodSource("names")
    void isNamedAsInTheTable(String name) {
        assertThat(policy(name).name()).isEqualTo(name);
    }

    @ParameterizedTest
    @MethodSource("names")
    void picksTheOnlyOne(String name) {
        List<Candidate> only = FakeCandidate.withWeights(3);
        Policy.Picker picker = policy(name).picker(only, only);
        for (int i = 0; i < 10; i++) {
            assertThat(picker.pick(FakeCall.PLAIN)).isSameAs(only.get(0));
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void picksAmongTheReadyOnly(String name) {
        List<Candidate> known = FakeCandidate.withWeights(1, 5, 2, 9);
        List<Candidate> ready = List.of(known.get(0), known.get(2));
        assertThat(picks(policy(name).picker(known, ready), 200)).isSubsetOf(ready);
    }

    @ParameterizedTest
    @MethodSource("names")
    void followsThoseThatLeaveAndJoinAndChangeTheirWeight(String name) {
        Policy policy = policy(name);
        Random chance = new Random(42);
        for (int round = 0; round < 200; round++) {
            List<Candidate> ready = new ArrayList<>();
            for (int id = 0; id < 8; id++) {
                if (chance.nextBoolean()) {
                    ready.add(FakeCandidate.of(id, 1 + chance.nextInt(1_000)));
                }
            }
            if (!ready.isEmpty()) {
                assertThat(picks(policy.picker(ready, ready), 20)).isSubsetOf(ready);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void copesWithTenThousandAndTheWidestWeights(String name) {
        List<Candidate> many = new ArrayList<>();
        for (int id = 0; id < 10_000; id++) {
            many.add(FakeCandidate.of(id, id % 2 == 0 ? 1_000_000 : 0.1 + id));
        }
        Policy.Picker picker = policy(name).picker(many, many);
        assertThat(picks(picker, 1_000)).isSubsetOf(new HashSet<>(many));
    }

    @ParameterizedTest
    @MethodSource("names")
    void allocatesNothingForAPick(String name) {
        List<Candidate> ready = FakeCandidate.withWeights(1, 5, 2);
        Policy.Picker picker = policy(name).picker(ready, ready);
        assertThat(Allocation.bytesPerRun(() -> picker.pick(FakeCall.PLAIN))).isLessThan(1);
    }

    @ParameterizedTest
    @MethodSource("names")
    void refusesOptionsThatItDoesNotKnow(String name) {
        assertThatThrownBy(() -> Policies.with(List.of()).create(name, Map.of("no-such-option", 1.0)))
                .isInstanceOfSatisfying(
                        IllegalValueException.class, e -> assertThat(e.name()).isEqualTo("no-such-option"));
    }

    @Test
    void saysWhichOptionMayBeMeant() {
        PolicyTable table = Policies.with(List.of());
        assertThatThrownBy(() -> table.create("least_request", Map.of("choiseCount", 3)))
                .hasMessage("choiseCount: 3 (expected: one of the fields activeRequestBias, choiceCount;"
                        + " did you mean choiceCount?)");
        assertThatThrownBy(() -> table.create("random", Map.of("choiceCount", 3)))
                .hasMessage("choiceCount: 3 (expected: no fields here)");
    }

    @Test
    void makesOneForEachChannel() {
        PolicyTable table = Policies.with(List.of());
        assertThat(table.create("round_robin", Map.of())).isNotSameAs(table.create("round_robin", Map.of()));
    }

    @Test
    void listsTheKnownNamesWhereOneIsUnknown() {
        assertThatThrownBy(() -> policy("fastest"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "policy: 'fastest' (expected: one of [consistent_hash, least_request, peak_ewma, pick_first,"
                                + " random, round_robin, weighted_random, weighted_round_robin])");
    }

    @Test
    void knowsAUsersOwnPolicyByItsName() {
        Policy own = new OwnPolicy("own");
        PolicyTable table = Policies.with(List.of(own));
        assertThat(table.names()).contains("own", "random");
        assertThat(table.create("own", Map.of())).isSameAs(own);
    }

    @Test
    void refusesAnOwnPolicyWithANameThatIsTaken() {
        assertThatThrownBy(() -> Policies.with(List.of(new OwnPolicy("random"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'random'")
                .hasMessageContaining(OwnPolicy.class.getName());
    }

    private static Set<Candidate> picks(Policy.Picker picker, int count) {
        Set<Candidate> picks = new HashSet<>();
        for (int i = 0; i < count; i++) {
            picks.add(picker.pick(FakeCall.PLAIN));
        }
        return picks;
    }

    private record OwnPolicy(String name) implements Policy {
        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return call -> ready.get(0);
        }
    }
}
