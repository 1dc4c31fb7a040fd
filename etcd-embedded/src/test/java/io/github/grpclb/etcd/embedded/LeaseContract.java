package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.Event.EventType;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrantResponse;
import io.etcd.jetcd.api.LeaseTimeToLiveRequest;
import io.etcd.jetcd.api.LeaseTimeToLiveResponse;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

abstract class LeaseContract extends EtcdContract {

    private static final long UNKNOWN = 4711;

    @ParameterizedTest
    @CsvSource({"-1, 2", "0, 2", "1, 2", "2, 2", "3, 3", "9000000000, 9000000000"})
    void grantsAtLeastTwoSeconds(long asked, long granted) {
        LeaseGrantResponse lease = grant(0, asked);

        assertThat(lease.getTTL()).isEqualTo(granted);
        assertThat(lease.getID()).isPositive();
    }

    @Test
    void refusesTtlsThatAreTooLarge() {
        assertRefused(() -> grant(0, 9_000_000_001L), "OUT_OF_RANGE: etcdserver: too large lease TTL");
    }

    @Test
    void grantsAnIdOnce() {
        long id = grant(0, 60).getID();
        revoke(id);

        assertThat(grant(id, 60).getID()).isEqualTo(id);
        assertRefused(() -> grant(id, 60), "FAILED_PRECONDITION: etcdserver: lease already exists");
    }

    @Test
    void makesNoRevisionForALease() {
        long before = revision();

        revoke(grant(0, 60).getID());

        assertThat(revision()).isEqualTo(before);
    }

    @Test
    void tellsThatALeaseIsUnknown() {
        LeaseTimeToLiveResponse timeToLive = timeToLive(UNKNOWN);

        assertThat(timeToLive.getTTL()).isEqualTo(-1);
        assertThat(timeToLive.getGrantedTTL()).isZero();
        assertThat(timeToLive.getID()).isEqualTo(UNKNOWN);
        assertThat(etcd.keepAlive(UNKNOWN).getTTL()).isZero();
        assertThat(etcd.keepAlive(UNKNOWN).getID()).isEqualTo(UNKNOWN);
        assertRefused(() -> revoke(UNKNOWN), "NOT_FOUND: etcdserver: requested lease not found");
    }

    @Test
    void revokesAllKeysInOneRevision() {
        long lease = grant(0, 60).getID();
        put("b", "1", lease);
        put("a", "1", lease);
        long before = put("c", "1").getHeader().getRevision();

        revoke(lease);

        assertThat(deletions(before + 1, 2))
                .extracting(KeyValue::getModRevision)
                .containsOnly(before + 1);
        assertThat(get("c").getCount()).isOne();
    }

    @Test
    void endsALeaseThatIsNotKeptAlive() {
        long start = System.nanoTime();
        long lease = grant(0, 1).getID();
        put("b", "1", lease);
        long before = put("a", "1", lease).getHeader().getRevision();

        List<KeyValue> deleted = deletions(before + 1, 2);

        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(1_900), Duration.ofSeconds(4));
        assertThat(deleted).extracting(KeyValue::getModRevision).containsOnly(before + 1);
        assertThat(names(deleted)).containsExactly("a", "b");
        assertThat(timeToLive(lease).getTTL()).isEqualTo(-1);
        assertThat(etcd.keepAlive(lease).getTTL()).isZero();
    }

    @Test
    void startsTheTimeAnewWhenItIsKeptAlive() {
        long lease = grant(0, 3).getID();
        await().until(() -> timeToLive(lease).getTTL() <= 1);

        assertThat(etcd.keepAlive(lease).getTTL()).isEqualTo(3);

        assertThat(timeToLive(lease).getTTL()).isEqualTo(2);
        assertThat(timeToLive(lease).getGrantedTTL()).isEqualTo(3);
    }

    @Test
    void movesAKeyToTheLeaseOfItsLastPut() {
        long first = grant(0, 60).getID();
        long second = grant(0, 60).getID();
        put("a", "1", first);
        put("b", "1", first);
        put("c", "1", first);

        put("a", "1", second);
        put("b", "1");
        delete("c");

        assertThat(timeToLive(first).getKeysList()).isEmpty();
        assertThat(timeToLive(second).getKeysList()).containsExactly(key("a"));
        revoke(first);
        assertThat(get("a").getCount()).isOne();
        assertThat(get("b").getCount()).isOne();
    }

    private LeaseGrantResponse grant(long id, long ttl) {
        return etcd.lease()
                .leaseGrant(LeaseGrantRequest.newBuilder().setID(id).setTTL(ttl).build());
    }

    private LeaseTimeToLiveResponse timeToLive(long id) {
        return etcd.lease()
                .leaseTimeToLive(LeaseTimeToLiveRequest.newBuilder()
                        .setID(id)
                        .setKeys(true)
                        .build());
    }

    /** Waits until so many keys of this test are gone, and returns them in the order of their going. */
    private List<KeyValue> deletions(long fromRevision, int count) {
        try (WatchCall watch = etcd.watch()) {
            WatchResponse created = watch.create(WatchCreateRequest.newBuilder()
                    .setKey(key(""))
                    .setRangeEnd(keysEnd())
                    .setStartRevision(fromRevision));
            List<Event> events = watch.events(created.getWatchId(), count);
            assertThat(events).extracting(Event::getType).containsOnly(EventType.DELETE);
            return events.stream().map(Event::getKv).toList();
        }
    }
}
