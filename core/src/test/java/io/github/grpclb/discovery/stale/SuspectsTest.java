package io.github.grpclb.discovery.stale;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Endpoint.State;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SuspectsTest {

    private static final Duration STALE_MAX = Duration.ofMinutes(5);

    private long now = -42;
    private Suspects suspects = new Suspects(STALE_MAX, now);

    @Test
    @FaultRow(8)
    void suspectsAMajorityThatVanishesAtOnce() {
        list(1, 2, 3, 4, 5);
        assertThat(list(3)).isEqualTo(4);
        assertThat(suspects()).containsExactly(1, 2, 4, 5);
        assertThat(missing()).isEmpty();
    }

    @Test
    @FaultRow(8)
    void suspectsAMajorityWhoseLeasesRunOutOneByOne() {
        list(1, 2, 3, 4, 5);
        list(1, 2, 3, 4);
        pass(Duration.ofSeconds(7));
        list(1, 2, 3);
        assertThat(suspects()).isEmpty();
        assertThat(missing()).containsExactly(5, 4);
        pass(Duration.ofSeconds(7));
        assertThat(list(1, 2)).isEqualTo(3);
        assertThat(suspects()).containsExactly(5, 4, 3);
        pass(Duration.ofSeconds(7));
        list(1);
        assertThat(suspects()).containsExactly(5, 4, 3, 2);
    }

    @Test
    @FaultRow(25)
    void neverSuspectsASingleServer() {
        list(1, 2);
        list(1);
        assertThat(suspects()).isEmpty();
        assertThat(missing()).containsExactly(2);
        pass(Duration.ofSeconds(15));
        assertThat(missing()).isEmpty();
    }

    @Test
    @FaultRow(25)
    void doesNotSuspectServersThatVanishFarApart() {
        list(1, 2, 3);
        list(1, 2);
        pass(Duration.ofSeconds(15));
        list(1);
        assertThat(suspects()).isEmpty();
    }

    @Test
    void doesNotSuspectHalfOfThem() {
        list(1, 2, 3, 4);
        list(1, 2);
        assertThat(suspects()).isEmpty();
        list(1, 2, 4);
        assertThat(missing()).containsExactly(3);
    }

    @Test
    @FaultRow(8)
    void suspectsTheLastWhereTheOthersHavePutTheirKeysBackAlready() {
        take(keyed(1, 11), keyed(2, 12), keyed(3, 13), keyed(4, 14));
        take(keyed(1, 21), keyed(2, 22), keyed(3, 13), keyed(4, 14));
        assertThat(take(keyed(1, 21), keyed(2, 22), keyed(4, 14))).isEqualTo(1);
        assertThat(suspects()).containsExactly(3);
    }

    @Test
    void doesNotTakeARestartForALostKey() {
        take(keyed(1, 11), keyed(2, 12), keyed(3, 13));
        take(restarted(1, 21), restarted(2, 22), keyed(3, 13));
        take(restarted(1, 21), restarted(2, 22));
        assertThat(suspects()).isEmpty();
        assertThat(missing()).containsExactly(3);
    }

    @Test
    void forgetsAfterAWhileWhoHadLostItsKey() {
        take(keyed(1, 11), keyed(2, 12), keyed(3, 13));
        take(keyed(1, 21), keyed(2, 22), keyed(3, 13));
        pass(Duration.ofSeconds(15));
        take(keyed(1, 21), keyed(2, 22));
        assertThat(suspects()).isEmpty();
    }

    @Test
    void neverSuspectsAServerThatDrained() {
        list(1, 2, 3, 4);
        take(up(1), draining(2), draining(3), draining(4));
        list(1);
        assertThat(suspects()).isEmpty();
        assertThat(missing()).isEmpty();
        take(draining(1));
        take();
        assertThat(suspects()).isEmpty();
    }

    @Test
    void suspectsNobodyInARollingRestartThatDrains() {
        list(1, 2, 3);
        for (int restarted = 1; restarted <= 3; restarted++) {
            int one = restarted;
            take(IntStream.rangeClosed(1, 3)
                    .mapToObj(id -> id == one ? draining(id) : up(id))
                    .toArray(Endpoint[]::new));
            take(IntStream.rangeClosed(1, 3)
                    .filter(id -> id != one)
                    .mapToObj(SuspectsTest::up)
                    .toArray(Endpoint[]::new));
            assertThat(missing()).isEmpty();
            list(1, 2, 3);
        }
        assertThat(suspects()).isEmpty();
    }

    @Test
    void suspectsNobodyWhereAsManyNewServersAreThere() {
        list(1, 2, 3);
        list(1, 2, 3, 4, 5, 6);
        list(4, 5, 6);
        assertThat(suspects()).isEmpty();
    }

    @Test
    @FaultRow(36)
    void suspectsTheLastOneAndThoseThatWentJustBefore() {
        list(1, 2, 3);
        list(1, 2);
        pass(Duration.ofSeconds(15));
        list(1);
        take();
        assertThat(suspects()).containsExactly(2, 1);
    }

    @Test
    void forgetsASuspectThatIsListedAgain() {
        list(1, 2, 3);
        list(1);
        list(1, 2);
        assertThat(suspects()).containsExactly(3);
    }

    @Test
    void forgetsASuspectWhoseAddressOrIdIsListedAgain() {
        list(1, 2, 3);
        list(1);
        Endpoint sameAddress = up(2).toBuilder().id("new").startedAt(2).build();
        Endpoint sameId = Endpoint.builder("svc", "127.0.0.1", 9).id("s3").build();
        take(up(1), sameAddress);
        assertThat(suspects()).containsExactly(3);
        take(up(1), sameAddress, sameId);
        assertThat(suspects()).isEmpty();
    }

    @Test
    void doesNotMissAServerThatHasMoved() {
        list(1, 2, 3);
        take(
                up(1),
                Endpoint.builder("svc", "127.0.0.1", 12).id("s2").build(),
                Endpoint.builder("svc", "127.0.0.1", 13).id("s3").build());
        assertThat(suspects()).isEmpty();
        assertThat(missing()).isEmpty();
    }

    @Test
    @FaultRow(36)
    void givesEachSuspectUpAfterItsTime() {
        list(1, 2, 3, 4, 5);
        list(1, 2);
        pass(Duration.ofSeconds(10));
        list(1);
        assertThat(suspects.nextNanos()).isEqualTo(Duration.ofSeconds(290).toNanos());
        assertThat(pass(Duration.ofSeconds(290))).isEqualTo(3);
        assertThat(suspects()).containsExactly(2);
        assertThat(pass(Duration.ofSeconds(10))).isEqualTo(1);
        assertThat(suspects.nextNanos()).isEqualTo(Suspects.NEVER);
    }

    @Test
    void doesNotCountTheTimeInWhichTheRegistryIsUnreachable() {
        list(1, 2, 3);
        list(1);
        pass(Duration.ofMinutes(4));
        suspects.reachable(false, now);
        assertThat(suspects.nextNanos()).isEqualTo(Suspects.NEVER);
        assertThat(pass(Duration.ofDays(1))).isZero();
        suspects.reachable(true, now);
        assertThat(suspects.nextNanos()).isEqualTo(Duration.ofMinutes(1).toNanos());
        assertThat(pass(Duration.ofMinutes(1))).isEqualTo(2);
    }

    @Test
    void keepsNobodyWhereTheRegistryIsTrustedAtOnce() {
        suspects = new Suspects(Duration.ZERO, now);
        list(1, 2, 3);
        assertThat(list(1)).isZero();
        take();
        assertThat(suspects()).isEmpty();
        assertThat(missing()).isEmpty();
        assertThat(suspects.nextNanos()).isEqualTo(Suspects.NEVER);
    }

    @Test
    void suspectsNobodyWhoWasDeregistered() {
        list(1, 2, 3);
        list(1, 2);
        suspects.deregistered(up(3));
        assertThat(list(1)).isZero();
        assertThat(missing()).containsExactly(3, 2);
        suspects.deregistered(up(2));
        assertThat(suspects()).isEmpty();
        pass(Duration.ofSeconds(15));
        assertThat(missing()).isEmpty();
    }

    @Test
    void hearsOfADeregistrationBeforeTheListAndAfterIt() {
        list(1, 2, 3, 4);
        suspects.deregistered(up(3));
        suspects.deregistered(up(4));
        list(1, 2, 3, 4);
        assertThat(list(1, 2)).isZero();
        list(1, 2, 3, 4);
        assertThat(list(1)).isEqualTo(3);
        suspects.deregistered(up(2));
        suspects.deregistered(up(3));
        assertThat(suspects()).containsExactly(4);
        assertThat(missing()).containsExactly(2, 3);
    }

    /** The key of an earlier process at the address says nothing of this one. */
    @Test
    void takesNoDeregistrationForThatOfAnother() {
        take(keyed(1, 5), keyed(2, 6), keyed(3, 7));
        suspects.deregistered(keyed(2, 1));
        suspects.deregistered(keyed(3, 2));
        assertThat(take(keyed(1, 5))).isEqualTo(2);
        assertThat(suspects()).containsExactly(2, 3);
    }

    @Test
    void countsOnlyThoseThatWereLost() {
        list(1, 2, 3, 4, 5);
        list(1, 2, 5);
        suspects.deregistered(up(3));
        suspects.deregistered(up(4));
        assertThat(list(1, 5)).isZero();
        assertThat(list(5)).isEqualTo(2);
        assertThat(suspects()).containsExactly(2, 1);
    }

    /** Then nobody else could take the calls, and what comes next decides. */
    @Test
    @FaultRow(36)
    void keepsThoseWhoWereDeregisteredWhileNobodyIsListed() {
        list(1, 2);
        list(1);
        suspects.deregistered(up(2));
        assertThat(take()).isEqualTo(2);
        suspects.deregistered(up(1));
        assertThat(suspects()).containsExactly(2, 1);
        pass(Duration.ofSeconds(60));
        assertThat(suspects()).containsExactly(2, 1);
        list(3);
        assertThat(suspects()).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(missing()).isEmpty();
    }

    /** As where a list was seen in between; unlike one that was deregistered without a word. */
    @Test
    @FaultRow(23)
    void dropsTheLastOneWhereItDrainedBetweenTwoLists() {
        list(1);
        suspects.deregistered(up(1).toBuilder().state(Endpoint.State.DRAINING).build());
        assertThat(take()).isZero();
        assertThat(suspects()).isEmpty();
        assertThat(missing()).isEmpty();
    }

    @Test
    @FaultRow(23)
    void dropsTheLastOneWhereItsDrainIsHeardOfAfterTheList() {
        list(1);
        take();
        suspects.deregistered(up(1).toBuilder().state(Endpoint.State.DRAINING).build());
        assertThat(suspects()).isEmpty();
    }

    private int list(int... ids) {
        return take(Arrays.stream(ids).mapToObj(SuspectsTest::up).toArray(Endpoint[]::new));
    }

    private int take(Endpoint... endpoints) {
        return suspects.take(List.of(endpoints), now);
    }

    private int pass(Duration time) {
        now += time.toNanos();
        return suspects.elapse(now);
    }

    private List<Integer> suspects() {
        return ports(suspects.suspects());
    }

    private List<Integer> missing() {
        return ports(suspects.missing());
    }

    private static List<Integer> ports(List<Endpoint> endpoints) {
        return new ArrayList<>(endpoints.stream().map(Endpoint::port).toList());
    }

    private static Endpoint keyed(int id, long createRevision) {
        return up(id).toBuilder().startedAt(1).createRevision(createRevision).build();
    }

    private static Endpoint restarted(int id, long createRevision) {
        return keyed(id, createRevision).toBuilder().startedAt(2).build();
    }

    private static Endpoint up(int port) {
        return Endpoint.builder("svc", "127.0.0.1", port).id("s" + port).build();
    }

    private static Endpoint draining(int port) {
        return up(port).toBuilder().state(State.DRAINING).build();
    }
}
