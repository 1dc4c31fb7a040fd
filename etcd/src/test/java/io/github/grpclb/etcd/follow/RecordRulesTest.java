package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Cidr;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.follow.LastLists;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.LatestList;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.RecordRules;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a source makes of records that it is not to trust. */
@FaultRow(46)
class RecordRulesTest {

    private final FakeClock scheduler = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(scheduler);
    private final List<String> heard = new ArrayList<>();
    private final LatestList list = new LatestList();

    @Test
    void outsideOfTheNetworksNothingIsUsedAndEachRecordIsCountedOnce() {
        etcd.put("/grpclb/svc/a", "10.0.0.1:1");
        etcd.put("/grpclb/svc/b", "192.168.0.1:1");
        etcd.put("/grpclb/svc/c", "host.example:1");
        subscribe(
                new RecordRules(new AddressRules(List.of(Cidr.parse("10.0.0.0/8")), List.of("example.org"), true), 10));
        after(Duration.ofMinutes(5));
        assertThat(addresses()).containsExactly("10.0.0.1:1");
        assertThat(heard).containsExactly("skipped", "skipped");
        etcd.put("/grpclb/svc/b", "192.168.0.2:1");
        after(Duration.ofMinutes(5));
        assertThat(heard).hasSize(3);
    }

    @Test
    void ofTooManyThoseWhoWereThereFirstAreUsed() {
        for (int i = 0; i < 5; i++) {
            etcd.put("/grpclb/svc/m" + i, "10.0.1." + i + ":1");
        }
        subscribe(new RecordRules(AddressRules.DEFAULT, 5));
        for (int i = 0; i < 50; i++) {
            etcd.put("/grpclb/svc/a" + i, "10.9.9." + i + ":1");
        }
        after(Duration.ofSeconds(1));
        assertThat(addresses()).containsExactly("10.0.1.0:1", "10.0.1.1:1", "10.0.1.2:1", "10.0.1.3:1", "10.0.1.4:1");
        etcd.delete("/grpclb/svc/m0");
        after(Duration.ofSeconds(1));
        assertThat(addresses()).hasSize(5).contains("10.9.9.0:1").doesNotContain("10.0.1.0:1");
    }

    @Test
    void saysWhenMostAddressesAreReplacedInOneUpdate() {
        for (int i = 0; i < 8; i++) {
            etcd.put("/grpclb/svc/" + i, "10.0.0." + i + ":1");
        }
        subscribe(RecordRules.DEFAULT);
        for (int i = 0; i < 3; i++) {
            etcd.put("/grpclb/svc/" + i, "10.6.6." + i + ":1");
        }
        after(Duration.ofSeconds(1));
        assertThat(heard).isEmpty();
        // the first is published at once, the others together
        for (int i = 0; i < 7; i++) {
            etcd.put("/grpclb/svc/" + i, "10.7.7." + i + ":1");
        }
        after(Duration.ofSeconds(1));
        assertThat(heard).containsExactly("mass change");
        assertThat(list.endpoints()).hasSize(8);
    }

    @Test
    void growthAndDepartureAreNoReplacement() {
        for (int i = 0; i < 4; i++) {
            etcd.put("/grpclb/svc/" + i, "10.0.0." + i + ":1");
        }
        subscribe(RecordRules.DEFAULT);
        for (int i = 4; i < 40; i++) {
            etcd.put("/grpclb/svc/" + i, "10.0.0." + i + ":1");
        }
        after(Duration.ofSeconds(1));
        for (int i = 1; i < 40; i++) {
            etcd.delete("/grpclb/svc/" + i);
        }
        after(Duration.ofSeconds(1));
        assertThat(list.endpoints()).hasSize(1);
        assertThat(heard).isEmpty();
    }

    private List<String> addresses() {
        return list.endpoints().stream().map(Endpoint::address).toList();
    }

    private void subscribe(RecordRules rules) {
        RegistryObserver observer = new RegistryObserver() {
            @Override
            public void recordSkipped(String service) {
                heard.add("skipped");
            }

            @Override
            public void massChange(String service) {
                heard.add("mass change");
            }
        };
        EtcdLoop loop = new EtcdLoop(scheduler, scheduler::nanoTime, new Random(7));
        new EtcdEndpointSource(
                        loop,
                        etcd.client(),
                        new Following(new KeySpace("/grpclb/"), rules, LastLists.none(), observer),
                        Duration.ofHours(1))
                .subscribe("svc", list);
        after(Duration.ofSeconds(1));
    }

    private void after(Duration time) {
        scheduler.forward(time);
    }
}
