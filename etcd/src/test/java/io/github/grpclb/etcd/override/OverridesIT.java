package io.github.grpclb.etcd.override;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.list;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.Override.Selector;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Overrides in a real etcd. */
class OverridesIT {

    private static final Duration LIMIT = Duration.ofSeconds(15);

    /** A list that came, by names, and when. */
    private record Heard(List<String> names, long nanos) {}

    private final List<Heard> heard = new CopyOnWriteArrayList<>();

    @AutoClose
    private final Opened opened = new Opened();

    private EtcdProcess etcd;

    @BeforeEach
    void start() {
        etcd = opened.add(EtcdServers.startProcess());
    }

    @Test
    void endsWithItsAuthorsLeaseThatNobodyKeepsAlive() throws Exception {
        follow(connect());
        EtcdConnection author = connect();
        Override put = store(author)
                .put(Overrides.weightOf("s1", 0, Duration.ofSeconds(3)))
                .get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        long putAt = System.nanoTime();
        author.close(); // as good as killed: nothing is sent any more
        await().atMost(LIMIT)
                .until(() -> heard.stream().anyMatch(each -> each.names().contains(put.name())));
        await().atMost(LIMIT).until(() -> last().isEmpty());
        Duration after = Duration.ofNanos(heard.get(heard.size() - 1).nanos() - putAt);
        assertThat(after).isBetween(Duration.ofMillis(2500), Duration.ofSeconds(4));
    }

    @Test
    void leavesNothingWhereEndpointsAre() {
        EtcdConnection server = connect();
        EtcdRegistrar registrar = opened.add(
                new EtcdRegistrar(server, Duration.ofMinutes(1), Duration.ofSeconds(3), RegistryObserver.NONE));
        for (int port = 8001; port <= 8003; port++) {
            Endpoint endpoint = Endpoint.builder("svc", "127.0.0.1", port)
                    .id("s" + port)
                    .startedAt(1)
                    .build();
            assertThat(registrar.register(endpoint).registered()).succeedsWithin(LIMIT);
        }
        EtcdApi.Page before = whatAGoReaderSees(server);
        assertThat(before.records()).hasSize(3);
        EtcdOverrideStore store = store(connect());
        for (Selector selector : List.of(new Selector.Server("s8001"), new Selector.Zone("z"), new Selector.All())) {
            assertThat(store.put(
                            Overrides.draft(selector, new Override.Effect.Disabled(), Duration.ofMinutes(1), true)))
                    .succeedsWithin(LIMIT);
        }
        assertThat(store.put(Overrides.weightOf("s8001", 0, Duration.ofSeconds(1))))
                .failsWithin(LIMIT);
        assertThat(store.delete("svc", "service")).succeedsWithin(LIMIT).isEqualTo(true);
        assertThat(store.put(Overrides.weightOf("s8001", 0, Duration.ofSeconds(1))))
                .succeedsWithin(LIMIT);
        assertThat(whatAGoReaderSees(server).records()).isEqualTo(before.records());
        await().atMost(LIMIT).untilAsserted(() -> assertThat(store.list("svc"))
                .succeedsWithin(LIMIT)
                .asInstanceOf(list(Override.class))
                .extracting(Override::name)
                .containsExactly("zone-z"));
        assertThat(store.delete("svc", "zone-z")).succeedsWithin(LIMIT).isEqualTo(true);
        assertThat(whatAGoReaderSees(server).records()).isEqualTo(before.records());
        RawEtcd raw = opened.add(new RawEtcd(etcd.endpoint()));
        assertThat(raw.all("/grpclb-overrides/")).isEmpty();
        assertThat(raw.leases()).isEqualTo(3);
    }

    @Test
    @FaultRow(32)
    void isKeptByClientsWhileEtcdIsAwayAndByEtcdItself() {
        follow(connect());
        EtcdOverrideStore store = store(connect());
        assertThat(store.put(Overrides.weightOf("s1", 0, Duration.ofMinutes(1))))
                .succeedsWithin(LIMIT);
        await().atMost(LIMIT).until(() -> last().equals(List.of("server-s1")));
        int lists = heard.size();
        etcd.kill();
        await().during(Duration.ofSeconds(2)).until(() -> heard.size() == lists);
        etcd.start();
        assertThat(await().atMost(LIMIT)
                        .ignoreExceptions()
                        .until(() -> store.list("svc").get(5, TimeUnit.SECONDS), list -> !list.isEmpty()))
                .extracting(Override::name)
                .containsExactly("server-s1");
        assertThat(heard).hasSize(lists);
        assertThat(store.delete("svc", "server-s1")).succeedsWithin(LIMIT).isEqualTo(true);
        await().atMost(LIMIT).until(() -> last().isEmpty());
    }

    @Test
    void isGoneWithAnEtcdThatLostItsData() {
        follow(connect());
        assertThat(store(connect()).put(Overrides.weightOf("s1", 0, Duration.ofMinutes(1))))
                .succeedsWithin(LIMIT);
        await().atMost(LIMIT).until(() -> last().equals(List.of("server-s1")));
        etcd.kill();
        etcd.wipeData();
        etcd.start();
        await().atMost(LIMIT).until(() -> last().isEmpty());
    }

    @Test
    void twoOperatorsLeaveAServer() {
        RawEtcd raw = opened.add(new RawEtcd(etcd.endpoint()));
        raw.put("/grpclb/svc/s1", "{\"Addr\":\"127.0.0.1:1\",\"Metadata\":{\"id\":\"s1\"}}");
        raw.put("/grpclb/svc/s2", "{\"Addr\":\"127.0.0.1:2\",\"Metadata\":{\"id\":\"s2\"}}");
        EtcdOverrideStore one = store(connect());
        EtcdOverrideStore other = store(connect());
        assertThat(one.list(null)).succeedsWithin(LIMIT);
        assertThat(other.list(null)).succeedsWithin(LIMIT);
        for (int round = 0; round < 10; round++) {
            CompletableFuture<Override> first = one.put(Overrides.disable(new Selector.Server("s1")));
            CompletableFuture<Override> second = other.put(Overrides.disable(new Selector.Server("s2")));
            await().atMost(LIMIT).until(() -> first.isDone() && second.isDone());
            assertThat(first.isCompletedExceptionally()).isNotEqualTo(second.isCompletedExceptionally());
            assertThat(raw.leases()).isEqualTo(1);
            String put = first.isCompletedExceptionally() ? "server-s2" : "server-s1";
            assertThat(one.delete("svc", put)).succeedsWithin(LIMIT).isEqualTo(true);
        }
        assertThat(raw.leases()).isZero();
    }

    @Test
    void isReadAsAnOperatorWritesItByHand() {
        follow(connect());
        RawEtcd raw = opened.add(new RawEtcd(etcd.endpoint()));
        Instant now = Instant.parse("2026-01-31T10:00:00Z");
        raw.put(
                "/grpclb-overrides/svc/by-hand",
                "{\"selector\":{\"server\":\"s1\"},\"weight\":0,\"author\":\"ops\",\"reason\":\"disk\",\"since\":\""
                        + now + "\",\"until\":\"" + now.plusSeconds(600) + "\"}");
        raw.put("/grpclb-overrides/svc/bad", "{}");
        await().atMost(LIMIT).until(() -> last().equals(List.of("by-hand")));
        assertThat(store(connect()).delete("svc", "bad")).succeedsWithin(LIMIT).isEqualTo(true);
        assertThat(raw.all("/grpclb-overrides/")).containsOnlyKeys("/grpclb-overrides/svc/by-hand");
    }

    private List<String> last() {
        return heard.isEmpty()
                ? List.of("none heard")
                : heard.get(heard.size() - 1).names();
    }

    private EtcdConnection connect() {
        return opened.add(new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString())));
    }

    private EtcdOverrideStore store(EtcdConnection connection) {
        return new EtcdOverrideStore(connection, Overrides.PREFIX);
    }

    private void follow(EtcdConnection connection) {
        EtcdOverrides source = opened.add(
                new EtcdOverrides(connection, Overrides.PREFIX, EtcdOverrides.DEFAULT_LINGER, RegistryObserver.NONE));
        source.subscribe(
                "svc",
                list -> heard.add(new Heard(list.stream().map(Override::name).toList(), System.nanoTime())));
        await().atMost(LIMIT).until(() -> !heard.isEmpty());
    }

    /** All records of the service with their bytes, revisions and leases. */
    private static EtcdApi.Page whatAGoReaderSees(EtcdConnection connection) {
        var page = connection.api().list("/grpclb/svc/", ByteString.EMPTY, 100, 0);
        assertThat(page).succeedsWithin(LIMIT);
        return page.join();
    }
}
