package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.follow.LastLists;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.ForwardingApi;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.RecordRules;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Which endpoints were deregistered on purpose, by what etcd says of their leases. */
class DeparturesTest {

    private static final Duration TTL = Duration.ofSeconds(10);

    private final FakeClock clock = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(clock);
    private final List<String> deregistered = new ArrayList<>();
    private final List<Long> asked = new ArrayList<>();
    private final List<Long> leases = new ArrayList<>();

    @Test
    void aKeyWhoseLeaseLivesOn() {
        follow(3);
        delete(0);
        after(Duration.ofSeconds(1));
        assertThat(deregistered).containsExactly("10.0.0.0:1");
        delete(1);
        after(Duration.ofSeconds(1));
        assertThat(deregistered).containsExactly("10.0.0.0:1", "10.0.0.1:1");
        assertThat(asked).containsExactly(leases.get(0), leases.get(1));
    }

    @Test
    void aKeyThatNeverHadALease() {
        etcd.put("/grpclb/svc/a", "10.0.1.1:1");
        follow(1);
        etcd.delete("/grpclb/svc/a");
        after(Duration.ofSeconds(1));
        assertThat(deregistered).containsExactly("10.0.1.1:1");
        assertThat(asked).isEmpty();
    }

    /** The two changes come within the time between two lists, of which none shows it draining. */
    @Test
    @FaultRow(23)
    void aServerThatDrainsAndLeavesAtOnce() {
        follow(3);
        etcd.put("/grpclb/svc/a", "{\"Op\":0,\"Addr\":\"10.0.1.1:1\",\"Metadata\":{\"state\":\"draining\"}}");
        etcd.delete("/grpclb/svc/a");
        after(Duration.ofSeconds(1));
        assertThat(deregistered).containsExactly("10.0.1.1:1");
        assertThat(asked).isEmpty();
    }

    @Test
    @FaultRow({8, 22, 25})
    void notOneWhoseLeaseRanOut() {
        follow(3);
        after(TTL.plusSeconds(1));
        assertThat(etcd.keys()).isEmpty();
        assertThat(deregistered).isEmpty();
        assertThat(asked).hasSizeBetween(3, 6).containsAll(leases);
    }

    /** As go-zero's servers leave. */
    @Test
    void aLeaseThatIsRevokedBeforeItCouldHaveRunOut() {
        follow(4);
        etcd.revokeNow(leases.get(0));
        after(Duration.ofSeconds(1));
        assertThat(deregistered).isEmpty(); // it may have run out
        assertThat(asked).containsExactlyInAnyOrderElementsOf(leases);
        etcd.revokeNow(leases.get(1));
        after(Duration.ofMillis(300));
        assertThat(deregistered).containsExactly("10.0.0.1:1");
        leases.subList(2, 4).forEach(etcd::renewNow);
        after(Duration.ofSeconds(5));
        etcd.revokeNow(leases.get(2));
        after(Duration.ofMillis(300));
        assertThat(deregistered).containsExactly("10.0.0.1:1", "10.0.0.2:1");
        assertThat(asked).hasSize(4);
        after(Duration.ofSeconds(4)); // longer than what was known last
        etcd.revokeNow(leases.get(3));
        after(Duration.ofSeconds(1));
        assertThat(deregistered).containsExactly("10.0.0.1:1", "10.0.0.2:1");
    }

    @Test
    void asksForTheLeasesOfAFewOthers() {
        follow(40);
        etcd.revokeNow(leases.get(0));
        after(Duration.ofSeconds(1));
        assertThat(asked).hasSize(1 + Departures.OTHERS);
    }

    @Test
    @FaultRow(36)
    void notSeveralThatVanishInOneRevision() {
        etcd.put("/grpclb/svc/a", "10.0.1.1:1");
        etcd.put("/grpclb/svc/b", "10.0.1.2:1");
        follow(3);
        etcd.store().delete(List.of("/grpclb/svc/0", "/grpclb/svc/1"));
        etcd.store().delete(List.of("/grpclb/svc/a", "/grpclb/svc/b"));
        after(Duration.ofSeconds(1));
        assertThat(deregistered).isEmpty();
        assertThat(asked).isEmpty();
    }

    @Test
    void severalOfOneServer() {
        follow(2);
        etcd.put("/grpclb/svc/x", ByteString.copyFromUtf8("10.0.1.1:1"), leases.get(0));
        after(Duration.ofSeconds(1));
        etcd.store().delete(List.of("/grpclb/svc/0", "/grpclb/svc/x"));
        after(Duration.ofSeconds(1));
        assertThat(deregistered).containsExactlyInAnyOrder("10.0.0.0:1", "10.0.1.1:1");
    }

    /** The question goes by the last lease that the key had. */
    @Test
    void oneThatGotAnotherLease() {
        follow(2);
        long later = etcd.grantNow(Duration.ofMinutes(1));
        etcd.put("/grpclb/svc/0", ByteString.copyFromUtf8("10.0.0.0:1"), later);
        after(TTL.plusSeconds(1));
        delete(0);
        after(Duration.ofSeconds(1));
        assertThat(deregistered).containsExactly("10.0.0.0:1");
    }

    @Test
    @FaultRow(19)
    void notWhereEtcdDoesNotSay() {
        follow(2);
        etcd.refuse(EtcdException.Kind.PERMISSION);
        delete(0);
        after(Duration.ofMillis(300));
        assertThat(asked).hasSize(1);
        assertThat(deregistered).isEmpty();
    }

    @Test
    void asksForFiftyLeasesInAWhileAtMost() {
        follow(80);
        for (int i = 0; i < 70; i++) {
            delete(i);
        }
        after(Duration.ofSeconds(1));
        assertThat(asked).hasSize(Departures.MOST_QUESTIONS);
        leases.forEach(etcd::renewNow);
        after(Duration.ofSeconds(8));
        leases.forEach(etcd::renewNow);
        after(Duration.ofSeconds(8));
        delete(70);
        after(Duration.ofSeconds(1));
        assertThat(asked).hasSize(Departures.MOST_QUESTIONS + 1);
        assertThat(deregistered).hasSize(Departures.MOST_QUESTIONS + 1);
    }

    private void delete(int i) {
        etcd.delete("/grpclb/svc/" + i);
    }

    private void follow(int servers) {
        for (int i = 0; i < servers; i++) {
            long lease = etcd.grantNow(TTL);
            leases.add(lease);
            etcd.put("/grpclb/svc/" + i, ByteString.copyFromUtf8("10.0.0." + i + ":1"), lease);
        }
        EtcdApi api = new ForwardingApi(etcd.client()) {
            @Override
            public CompletableFuture<TimeToLive> timeToLive(long lease) {
                asked.add(lease);
                return super.timeToLive(lease);
            }
        };
        new EtcdEndpointSource(
                        new EtcdLoop(clock, clock::nanoTime, new Random(7)),
                        api,
                        new Following(
                                new KeySpace("/grpclb/"), RecordRules.DEFAULT, LastLists.none(), RegistryObserver.NONE),
                        Duration.ofHours(1))
                .subscribe("svc", new EndpointListener() {
                    @Override
                    public void onEndpoints(EndpointSnapshot snapshot) {}

                    @Override
                    public void onUnavailable(String reason) {}

                    @Override
                    public void onDeregistered(Endpoint endpoint) {
                        deregistered.add(endpoint.address());
                    }
                });
        after(Duration.ofSeconds(1));
    }

    private void after(Duration time) {
        clock.forward(time);
    }
}
