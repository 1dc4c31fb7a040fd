package io.github.grpclb.test;

import static io.github.grpclb.test.GrpcLbAssertions.assertThatCalls;
import static io.github.grpclb.test.PolicyTester.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyFactory;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.Metadata;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PolicyTesterTest {

    private static final PolicyTable BUILT_IN = Policies.with(List.of());

    @Test
    void picksAsThePolicyDoes() {
        PolicyTester tester = of("weighted_round_robin");
        tester.add(server("a").weight(5).build());
        tester.add(server("b").build());
        assertThat(tester.picks(600)).isEqualTo(Map.of("a", 500, "b", 100));
        assertThatCalls(tester.picks(600)).areSharedAs(Map.of("a", 5, "b", 1));
        tester.add(server("a").weight(1).build());
        assertThat(tester.picks(600)).isEqualTo(Map.of("a", 300, "b", 300));
    }

    @Test
    void picksAmongThoseThatAreThereAndReady() {
        PolicyTester tester = of("round_robin");
        tester.add(server("a").build());
        tester.add(server("b").build());
        tester.add(server("c").build());
        tester.disconnect("b");
        assertThat(tester.picks(4)).isEqualTo(Map.of("a", 2, "b", 0, "c", 2));
        tester.connect("b");
        tester.remove("a");
        assertThat(tester.picks(4)).isEqualTo(Map.of("b", 2, "c", 2));
    }

    @Test
    void asksForAPickerOnlyWhereSomethingChanged() {
        Recording policy = new Recording();
        PolicyTester tester = new PolicyTester(policy);
        tester.add(server("a").build());
        tester.add(server("b").build());
        tester.disconnect("a");
        tester.pick();
        tester.pick();
        tester.connect("a");
        tester.pick();
        assertThat(policy.asked).containsExactly("[a, b] [b]", "[a, b] [a, b]");
    }

    @Test
    void aServerThatIsChangedKeepsWhatWasSeenOfItAndARestartedOneDoesNot() {
        PolicyTester tester = of("least_request");
        tester.add(server("a").build());
        EndpointLoad load = tester.load("a");
        tester.add(server("a").weight(3).build());
        assertThat(tester.load("a")).isSameAs(load);
        tester.add(server("a").startedAt(2).build());
        assertThat(tester.load("a")).isNotSameAs(load);
    }

    @Test
    void seesCallsInFlight() {
        PolicyTester tester = of("least_request");
        tester.add(server("busy").build());
        tester.add(server("idle").build());
        tester.load("busy").started(0);
        assertThat(tester.picks(50)).isEqualTo(Map.of("busy", 0, "idle", 50));
    }

    @Test
    void givesCallsTheirOptionsAndHeaders() {
        PolicyTester tester = of("consistent_hash");
        IntStream.range(0, 5).forEach(i -> tester.add(server("s" + i).build()));
        Map<String, Integer> picks = tester.picks(50, TestCall.PLAIN.with(RoutingKeys.HASH_KEY, "user-7"));
        assertThat(picks.values()).containsOnly(0, 50);
        PolicyTester byHeader = new PolicyTester(new ByHeader());
        byHeader.add(server("a").build());
        byHeader.add(server("b").build());
        assertThat(byHeader.pick(TestCall.PLAIN.withHeader("x", "1").withHeader("to", "b")))
                .isEqualTo("b");
        assertThat(byHeader.pick()).isNull();
        assertThat(byHeader.picks(3)).isEqualTo(Map.of("a", 0, "b", 0));
        assertThat(byHeader.reason(TestCall.PLAIN)).isEqualTo("no header 'to'");
    }

    @Test
    void callsTakeTheirTimeInVirtualTime() {
        VirtualTime time = new VirtualTime();
        PolicyTester tester = new PolicyTester(BUILT_IN.create("peak_ewma", Map.of()), time);
        tester.add(server("fast").build());
        tester.add(server("slow").build());
        long start = time.getAsLong();
        Map<String, Integer> calls =
                tester.run(Duration.ofSeconds(30), 200, id -> Duration.ofMillis(id.equals("slow") ? 200 : 10));
        assertThat(time.getAsLong() - start).isBetween(30_000_000_000L, 30_000_001_000L);
        assertThat(calls.get("fast") + calls.get("slow")).isBetween(5_500, 6_500);
        assertThat(calls.get("slow")).isLessThan(600);
        assertThat(tester.load("fast").successes()).isBetween(calls.get("fast") - 20L, (long) calls.get("fast"));
        assertThat(tester.load("slow").inFlight()).isBetween(0, 40);
    }

    @Test
    void callsComeAtTheSameTimesInEveryRun() {
        assertThat(gaps()).isEqualTo(gaps()).hasSizeBetween(80, 120).doesNotHaveDuplicates();
    }

    private static List<Long> gaps() {
        VirtualTime time = new VirtualTime();
        PolicyTester tester = new PolicyTester(BUILT_IN.create("round_robin", Map.of()), time);
        tester.add(server("a").build());
        List<Long> times = new ArrayList<>();
        tester.run(Duration.ofSeconds(1), 100, id -> {
            times.add(time.getAsLong());
            return Duration.ZERO;
        });
        return times;
    }

    @Test
    void makesAFactorysPolicyFromItsOptionsAndRefusesOthers() {
        PolicyFactory factory = new OfOneServer();
        PolicyTester tester = PolicyTester.of(factory, Map.of("id", "b"));
        tester.add(server("a").build());
        tester.add(server("b").build());
        assertThat(tester.picks(5)).isEqualTo(Map.of("a", 0, "b", 5));
        assertThatThrownBy(() -> PolicyTester.of(factory, Map.of("id", "b", "zone", "z1")))
                .hasMessage("zone: 'z1' (expected: one of the fields id)");
        assertThatThrownBy(() -> PolicyTester.of(factory, Map.of())).hasMessageStartingWith("id: ");
    }

    @Test
    void findsAPolicyThatPicksWhatItWasNotGiven() {
        Recording policy = new Recording();
        PolicyTester tester = new PolicyTester(policy);
        tester.add(server("a").build());
        tester.pick();
        tester.add(server("a").weight(2).build());
        assertThatThrownBy(tester::pick)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("none of its candidates");
    }

    @Test
    void refusesWhatTheBalancerWouldNotDo() {
        PolicyTester tester = of("random");
        assertThatThrownBy(tester::pick)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no server is ready (known: [])");
        assertThatThrownBy(() -> tester.add(server("a").weight(0).build()))
                .hasMessage("weight of a: 0 (expected: 1 to 1000000)");
        assertThatThrownBy(() -> tester.load("a")).hasMessage("id: 'a' (expected: one of [])");
        assertThatThrownBy(() -> tester.run(Duration.ofSeconds(1), 0, id -> Duration.ZERO))
                .hasMessageStartingWith("callsPerSecond: 0");
    }

    private static PolicyTester of(String builtIn) {
        return new PolicyTester(BUILT_IN.create(builtIn, Map.of()));
    }

    /** Always picks the first that was ever ready. */
    private static final class Recording implements Policy {

        private final List<String> asked = new ArrayList<>();
        private final List<Candidate> first = new ArrayList<>();

        @Override
        public String name() {
            return "recording";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            asked.add(ids(known) + " " + ids(ready));
            first.addAll(ready);
            return call -> first.get(0);
        }

        private static List<String> ids(List<Candidate> candidates) {
            return candidates.stream().map(each -> each.endpoint().id()).toList();
        }
    }

    private static final class ByHeader implements Policy {

        private static final Metadata.Key<String> TO = Metadata.Key.of("to", Metadata.ASCII_STRING_MARSHALLER);

        @Override
        public String name() {
            return "by_header";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return new Picker() {
                @Override
                public Candidate pick(PickSubchannelArgs call) {
                    return ready.stream()
                            .filter(each -> each.endpoint()
                                    .id()
                                    .equals(call.getHeaders().get(TO)))
                            .findFirst()
                            .orElse(null);
                }

                @Override
                public String reason(PickSubchannelArgs call) {
                    return "no header 'to'";
                }
            };
        }
    }

    private static final class OfOneServer implements PolicyFactory {

        @Override
        public String name() {
            return "of_one_server";
        }

        @Override
        public Policy create(ConfigFields options) {
            String id = options.requiredText("id", "a server's id");
            return new Policy() {
                @Override
                public String name() {
                    return "of_one_server";
                }

                @Override
                public Picker picker(List<Candidate> known, List<Candidate> ready) {
                    Candidate one = ready.stream()
                            .filter(each -> id.equals(each.endpoint().id()))
                            .findFirst()
                            .orElseThrow();
                    return call -> one;
                }
            };
        }
    }
}
