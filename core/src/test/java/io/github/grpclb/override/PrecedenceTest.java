package io.github.grpclb.override;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertAll;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.override.Override.Effect;
import io.github.grpclb.override.Override.Selector;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What overrides make of endpoints. */
class PrecedenceTest {

    private static final Instant NOON = Instant.parse("2030-01-01T12:00:00Z");

    private static final Endpoint S1 = Endpoint.builder("svc", "10.0.0.1", 80)
            .id("s1")
            .version("v1")
            .zone("a")
            .weight(5)
            .build();
    private static final Endpoint S2 = Endpoint.builder("svc", "10.0.0.2", 80)
            .id("s2")
            .version("v2")
            .zone("a")
            .state(Endpoint.State.DRAINING)
            .build();
    private static final Endpoint S3 =
            Endpoint.builder("svc", "10.0.0.3", 80).version("v2").zone("b").build();
    private static final Endpoint S4 = Endpoint.builder("svc", "fd00::4", 80).build();
    private static final EndpointSnapshot REGISTERED = new EndpointSnapshot("svc", 7, List.of(S1, S2, S3, S4));

    /** A row: what is overridden, and what becomes of each of the four: its state, its weight, and who has made them. */
    record Row(String what, List<Override> overrides, String... becomes) {

        @java.lang.Override
        public String toString() {
            return what;
        }
    }

    static Stream<Row> rows() {
        return Stream.of(
                row("nothing", List.of(), "UP 5", "DRAINING 1", "UP 1", "UP 1"),
                row("a server by its id", List.of(weight("s1", 0)), "UP 0 w", "DRAINING 1", "UP 1", "UP 1"),
                row("by its address", List.of(weight("10.0.0.3:80", 9)), "UP 5", "DRAINING 1", "UP 9 w", "UP 1"),
                row("by its IPv6 address", List.of(weight("[fd00::4]:80", 9)), "UP 5", "DRAINING 1", "UP 1", "UP 9 w"),
                row("nobody", List.of(weight("s9", 0)), "UP 5", "DRAINING 1", "UP 1", "UP 1"),
                row("a zone", List.of(weight(zone("a"), 2)), "UP 2 w", "DRAINING 2 w", "UP 1", "UP 1"),
                row("a version", List.of(weight(version("v2"), 2)), "UP 5", "DRAINING 2 w", "UP 2 w", "UP 1"),
                row("the service", List.of(weight(all(), 2)), "UP 2 w", "DRAINING 2 w", "UP 2 w", "UP 2 w"),
                row("disabled", List.of(disabled(zone("a"))), "DISABLED 5 d", "DISABLED 1 d", "UP 1", "UP 1"),
                row(
                        "a server before a version, that before a zone, that before the service",
                        List.of(
                                made("of-service", all(), new Effect.Weight(1), 9),
                                made("of-zone", zone("a"), new Effect.Weight(2), 8),
                                made("of-version", version("v2"), new Effect.Weight(3), 7),
                                made("of-server", server("s2"), new Effect.Weight(4), 6)),
                        "UP 2 of-zone",
                        "DRAINING 4 of-server",
                        "UP 3 of-version",
                        "UP 1 of-service"),
                row(
                        "the newest of one kind",
                        List.of(
                                made("old", zone("a"), new Effect.Weight(1), 1),
                                made("new", zone("a"), new Effect.Weight(2), 3),
                                made("older", zone("a"), new Effect.Weight(3), 2)),
                        "UP 2 new",
                        "DRAINING 2 new",
                        "UP 1",
                        "UP 1"),
                row(
                        "the newest of one server, by whatever it is named",
                        List.of(
                                made("by-id", server("s1"), new Effect.Weight(1), 1),
                                made("by-address", server("10.0.0.1:80"), new Effect.Weight(2), 2),
                                made("by-old-address", server("10.0.0.2:80"), new Effect.Weight(3), 1),
                                made("by-new-id", server("s2"), new Effect.Weight(4), 2)),
                        "UP 2 by-address",
                        "DRAINING 4 by-new-id",
                        "UP 1",
                        "UP 1"),
                row(
                        "disabling is told before a weight and does not displace it",
                        List.of(weight("s1", 7), disabled(all())),
                        "DISABLED 7 d,w",
                        "DISABLED 1 d",
                        "DISABLED 1 d",
                        "DISABLED 1 d"),
                row(
                        "a weight of a server brings nobody back whose zone is disabled",
                        List.of(weight("s1", 7), disabled(zone("a"))),
                        "DISABLED 7 d,w",
                        "DISABLED 1 d",
                        "UP 1",
                        "UP 1"),
                row(
                        "disabled twice",
                        List.of(
                                made("of-zone", zone("a"), new Effect.Disabled(), 9),
                                made("of-server", server("s1"), new Effect.Disabled(), 1)),
                        "DISABLED 5 of-server",
                        "DISABLED 1 of-zone",
                        "UP 1",
                        "UP 1"),
                row("the weight that is registered", List.of(weight("s1", 5)), "UP 5 w", "DRAINING 1", "UP 1", "UP 1"));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void appliesAndSaysWho(Row row) {
        List<Override> shuffled = new ArrayList<>(row.overrides);
        for (int seed = 0; seed < 5; seed++) {
            Collections.shuffle(shuffled, new Random(seed));
            EndpointSnapshot applied = Precedence.apply(REGISTERED, shuffled);
            assertThat(applied.endpoints())
                    .extracting(PrecedenceTest::describe)
                    .as("%s in order %d", row, seed)
                    .containsExactly(row.becomes);
            assertThat(applied.revision()).isEqualTo(7);
            for (int i = 0; i < 4; i++) {
                Endpoint before = REGISTERED.endpoints().get(i);
                Endpoint after = applied.endpoints().get(i);
                if (after.overridden() == null) {
                    assertThat(after).isSameAs(before);
                } else {
                    assertThat(after.registeredWeight()).isEqualTo(before.weight());
                    assertThat(after.registeredState()).isEqualTo(before.state());
                    assertThat(after.toBuilder()
                                    .weight(before.weight())
                                    .state(before.state())
                                    .overridden(null)
                                    .build())
                            .isEqualTo(before);
                }
            }
        }
    }

    @Test
    void leavesAListAsItIsWhereNothingIsOverridden() {
        assertThat(Precedence.apply(REGISTERED, List.of())).isSameAs(REGISTERED);
    }

    @Test
    void takesTheNewestPolicyAndTheNewestSplit() {
        BalancingOverride.Split split = new BalancingOverride.Split("version", Map.of("v2", 5.0));
        BalancingOverride balancing = Precedence.apply(
                        REGISTERED,
                        List.of(
                                made("old", all(), new Effect.Policy("random"), 1),
                                made("new", all(), new Effect.Policy("least_request"), 2),
                                made("split", all(), new Effect.Split(split), 1)))
                .balancing();
        assertThat(balancing.policy()).isEqualTo("least_request");
        assertThat(balancing.split()).isEqualTo(split);
        assertThat(balancing.causes())
                .containsExactly(
                        "policy least_request by new until 2030-01-01T13:00:02Z: test",
                        "split by version {v2=5.0} by split until 2030-01-01T13:00:01Z: test");
        assertAll(
                () -> assertThat(Precedence.apply(REGISTERED, List.of(disabled(all())))
                                .balancing())
                        .isEqualTo(BalancingOverride.NONE),
                () -> assertThat(Precedence.apply(REGISTERED, List.of(made("split", all(), new Effect.Split(split), 1)))
                                .balancing()
                                .policy())
                        .isNull());
    }

    private static Row row(String what, List<Override> overrides, String... becomes) {
        return new Row(what, overrides, becomes);
    }

    private static String describe(Endpoint endpoint) {
        String state = endpoint.state() + " " + endpoint.weight();
        Endpoint.Overridden overridden = endpoint.overridden();
        return overridden == null
                ? state
                : state + " "
                        + String.join(
                                ",",
                                overridden.causes().stream()
                                        .map(cause -> cause.replaceAll(".* by (\\S+) until .*", "$1"))
                                        .toList());
    }

    private static Override weight(String server, int weight) {
        return weight(server(server), weight);
    }

    private static Override weight(Selector selector, int weight) {
        return made("w", selector, new Effect.Weight(weight), 0);
    }

    private static Override disabled(Selector selector) {
        return made("d", selector, new Effect.Disabled(), 0);
    }

    /** Returns an override whose author has its name. */
    private static Override made(String name, Selector selector, Effect effect, int age) {
        Instant since = NOON.plusSeconds(age);
        return new Override("svc", name, selector, effect, name, "test", since, since.plusSeconds(3_600), "", 0);
    }

    private static Selector server(String idOrAddress) {
        return new Selector.Server(idOrAddress);
    }

    private static Selector zone(String zone) {
        return new Selector.Zone(zone);
    }

    private static Selector version(String version) {
        return new Selector.Version(version);
    }

    private static Selector all() {
        return new Selector.All();
    }
}
