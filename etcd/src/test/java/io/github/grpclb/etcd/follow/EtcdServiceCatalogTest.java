package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.discovery.ServiceCatalog.Service;
import io.github.grpclb.discovery.ServiceCatalog.Services;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class EtcdServiceCatalogTest {

    private final FakeClock clock = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(clock);
    private final EtcdLoop loop = new EtcdLoop(clock, clock::nanoTime, new Random(7));
    private final ServiceCatalog catalog = catalog("/grpclb/");

    private ServiceCatalog catalog(String prefix) {
        return new EtcdServiceCatalog(loop, etcd.client(), new KeySpace(prefix));
    }

    @Test
    void countsTheRecordsOfEachService() {
        etcd.put("/grpclb/orders/10.0.0.1:1", "10.0.0.1:1");
        etcd.put("/grpclb/com.acme/orders/10.0.0.1:1", "10.0.0.1:1");
        etcd.put("/grpclb/com.acme/orders/10.0.0.2:1", "unreadable");
        etcd.put("/grpclb/stray", "x");
        etcd.put("/grpclb/a b/x", "no service's name");
        etcd.put("/grpclb/../x", "nor this");
        etcd.put("/grpclb2/other/x", "x");
        Services told = told(catalog);
        assertThat(told.services()).containsExactly(new Service("com.acme/orders", 2), new Service("orders", 1));
        assertThat(told.complete()).isTrue();
        assertThat(told.revision()).isEqualTo(etcd.revision());
    }

    @Test
    void findsTheServicesWithoutAPrefixAndNothingElse() {
        etcd.put("user.rpc/7587870129571459612", "10.0.0.1:1");
        etcd.put("/grpclb-consumers/user.rpc/x", "{}");
        assertThat(told(catalog("")).services()).containsExactly(new Service("user.rpc", 1));
    }

    @Test
    void readsPagesOfOneRevisionHoweverSmall() {
        for (int i = 0; i < 20; i++) {
            etcd.put("/grpclb/s" + i % 3 + "/10.0.0.1:" + (i + 1), "x".repeat(100));
        }
        etcd.largestPage(500);
        assertThat(told(catalog).services()).hasSize(3);
    }

    @Test
    void isBounded() {
        for (int i = 0; i < ServiceCatalog.MOST_SERVICES + 1; i++) {
            etcd.put("/grpclb/s" + i + "/10.0.0.1:1", "x");
        }
        Services told = told(catalog);
        assertThat(told.services()).hasSize(ServiceCatalog.MOST_SERVICES);
        assertThat(told.complete()).isFalse();
    }

    @Test
    void oneReadServesAllWhoAskAtOnce() {
        CompletableFuture<Services> first = catalog.services();
        CompletableFuture<Services> second = catalog.services();
        clock.forward(Duration.ofMillis(10));
        assertThat(first).isCompleted();
        assertThat(second).isCompleted();
        assertThat(etcd.lists()).isEqualTo(1);
        told(catalog);
        assertThat(etcd.lists()).isEqualTo(2);
    }

    @Test
    void saysWhyItCannotTell() {
        etcd.refuse(EtcdException.Kind.PERMISSION);
        CompletableFuture<Services> told = catalog.services();
        clock.forward(Duration.ofMillis(10));
        assertThat(told).isCompletedExceptionally();
    }

    private Services told(ServiceCatalog asked) {
        CompletableFuture<Services> told = asked.services();
        clock.forward(Duration.ofMillis(100));
        return told.join();
    }
}
