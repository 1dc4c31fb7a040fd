package io.github.grpclb.etcd.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.follow.LastLists;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.ForwardingApi;
import io.github.grpclb.etcd.LatestList;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.etcd.follow.Following;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.RecordRules;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ReconnectingApiTest {

    private static final Error NO_THREAD = new OutOfMemoryError("unable to create native thread");

    private final FakeClock scheduler = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(scheduler);
    private final List<FakeEtcd.FakeClient> clients = new ArrayList<>();
    private final EtcdLoop loop = new EtcdLoop(scheduler, scheduler::nanoTime, new Random(7));
    private boolean tlsIsBroken;
    private Error factoryThrows;
    private Error clientThrows;
    private final ReconnectingApi api = new ReconnectingApi(
            loop,
            () -> {
                if (tlsIsBroken) {
                    throw new EtcdException(
                            EtcdException.Kind.AUTHENTICATION, "TLS for etcd cannot be set up: no file");
                }
                if (factoryThrows != null) {
                    throw factoryThrows;
                }
                clients.add(etcd.client());
                return new Throwing(clients.get(clients.size() - 1));
            },
            "http://etcd:2379");

    @Test
    void dialsNothingBeforeTheFirstCall() {
        after(Duration.ofHours(1));
        assertThat(clients).isEmpty();
    }

    @Test
    void tellsWhyNoClientCanBeBuilt() {
        tlsIsBroken = true;
        register();
        after(Duration.ofSeconds(20));
        assertThat(api.refusedBecause()).startsWith("TLS for etcd cannot be set up: no file (");
    }

    @Test
    void replacesAClientThatMakesNoProgress() {
        register();
        clients.get(0).cut(true);
        after(Duration.ofSeconds(20));
        assertThat(clients).hasSize(2);
        assertThat(clients.get(0).isClosed()).isTrue();
        assertThat(api.unreachableBecause()).isNull();
        assertThat(etcd.keys()).hasSize(1);
        assertThat(etcd.watchCount()).isEqualTo(1);
    }

    @Test
    void replacesAtMostOnceInFourSeconds() {
        register();
        etcd.health(FakeEtcd.Health.DOWN);
        after(Duration.ofSeconds(60));
        assertThat(clients).hasSizeBetween(5, 16);
        assertThat(clients.subList(0, clients.size() - 1)).allMatch(FakeEtcd.FakeClient::isClosed);
        assertThat(api.unreachableBecause()).isEqualTo("etcd unreachable: connection refused");
    }

    @Test
    void keepsAClientThatAnswers() {
        register();
        after(Duration.ofHours(1));
        etcd.refuse(EtcdException.Kind.PERMISSION);
        after(Duration.ofHours(1));
        assertThat(clients).hasSize(1);
        assertThat(api.unreachableBecause()).isNull();
    }

    @Test
    @FaultRow(20)
    void goesOverToANewClientWhenAsked() {
        api.reconnect();
        assertThat(clients).isEmpty();
        register();
        List<Long> leases = etcd.leases();
        api.reconnect();
        after(Duration.ofSeconds(3));
        assertThat(clients).hasSize(2);
        assertThat(clients.get(0).isClosed()).isTrue();
        assertThat(etcd.keys()).hasSize(1);
        assertThat(etcd.leases()).isEqualTo(leases);
        assertThat(etcd.watchCount()).isEqualTo(1);
    }

    @Test
    @FaultRow(20)
    void keepsItsClientWhereNoNewOneCanBeBuilt() {
        register();
        tlsIsBroken = true;
        api.reconnect();
        after(Duration.ofMinutes(5));
        assertThat(clients).singleElement().matches(client -> !client.isClosed());
        assertThat(etcd.keys()).hasSize(1);
    }

    @Test
    void whatTheFactoryThrowsIsAFailureThatArrivesLater() {
        factoryThrows = NO_THREAD;
        assertThatCallsFailLater();
        assertThat(api.unreachableBecause()).contains("unable to create native thread");
        factoryThrows = null;
        register();
        assertThat(etcd.keys()).hasSize(1);
        assertThat(etcd.watchCount()).isEqualTo(1);
        assertThat(api.unreachableBecause()).isNull();
    }

    @Test
    void whatTheClientThrowsIsAFailureThatArrivesLater() {
        clientThrows = NO_THREAD;
        assertThatCallsFailLater();
        assertThat(api.unreachableBecause()).contains("unable to create native thread");
        clientThrows = null;
        register();
        assertThat(etcd.keys()).hasSize(1);
        assertThat(etcd.watchCount()).isEqualTo(1);
        assertThat(api.unreachableBecause()).isNull();
    }

    @Test
    void replacesAClientThatThrows() {
        register();
        clientThrows = NO_THREAD;
        after(Duration.ofSeconds(20));
        clientThrows = null;
        after(Duration.ofSeconds(20));
        assertThat(clients).hasSizeGreaterThan(1);
        assertThat(etcd.keys()).hasSize(1);
        assertThat(etcd.watchCount()).isEqualTo(1);
    }

    @Test
    void keepsItsClientWhereTheFactoryThrows() {
        register();
        factoryThrows = NO_THREAD;
        api.reconnect();
        after(Duration.ofMinutes(5));
        assertThat(clients).singleElement().matches(client -> !client.isClosed());
        assertThat(api.unreachableBecause()).isNull();
    }

    @Test
    void failsEveryCallOnceItIsClosed() {
        register();
        api.close();
        List<EtcdException> failures = new ArrayList<>();
        loop.when(() -> api.get("/grpclb/"), found -> {}, failures::add);
        after(Duration.ofMillis(10));
        assertThat(failures).singleElement().extracting(EtcdException::kind).isEqualTo(EtcdException.Kind.UNREACHABLE);
        assertThat(clients).allMatch(FakeEtcd.FakeClient::isClosed);
    }

    private void assertThatCallsFailLater() {
        List<EtcdException> failures = new ArrayList<>();
        loop.when(() -> api.get("/grpclb/"), found -> {}, failures::add);
        api.watch("/grpclb/", 1, new FailuresOf(failures));
        api.watch("/grpclb/", 1, new FailuresOf(failures)).close();
        assertThat(failures).isEmpty();
        scheduler.runDue();
        assertThat(failures).hasSize(2).allSatisfy(failure -> {
            assertThat(failure.kind()).isEqualTo(EtcdException.Kind.INTERNAL);
            assertThat(failure).hasCause(NO_THREAD);
        });
    }

    /** As where gRPC's {@code newCall} throws. */
    private final class Throwing extends ForwardingApi implements EtcdClient {

        private final EtcdClient client;

        Throwing(EtcdClient client) {
            super(client);
            this.client = client;
        }

        @Override
        public CompletableFuture<KeyValue> get(String key) {
            throwIfSo();
            return to.get(key);
        }

        @Override
        public CompletableFuture<Page> list(String prefix, ByteString from, int limit, long revision) {
            throwIfSo();
            return to.list(prefix, from, limit, revision);
        }

        @Override
        public CompletableFuture<Lease> renew(long lease, Duration timeout) {
            throwIfSo();
            return to.renew(lease, timeout);
        }

        @Override
        public Watch watch(String prefix, long from, WatchListener listener) {
            throwIfSo();
            return to.watch(prefix, from, listener);
        }

        private void throwIfSo() {
            if (clientThrows != null) {
                throw clientThrows;
            }
        }

        @Override
        public void reconnectNow() {}

        @Override
        public void close() {
            client.close();
        }
    }

    private record FailuresOf(List<EtcdException> failures) implements EtcdApi.WatchListener {

        @Override
        public void onCreated(long revision) {}

        @Override
        public void onEvents(long revision, List<EtcdApi.Event> events) {}

        @Override
        public void onProgress(long revision) {}

        @Override
        public void onEnd(EtcdException cause) {
            failures.add(cause);
        }
    }

    private void register() {
        KeySpace keys = new KeySpace("/grpclb/");
        new EtcdRegistrar(
                        loop,
                        api,
                        keys,
                        List.of(),
                        FakeEtcd.CALL_TIMEOUT,
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(3),
                        RegistryObserver.NONE)
                .register(Endpoint.builder("svc", "10.0.0.1", 1).build());
        new EtcdEndpointSource(
                        loop,
                        api,
                        new Following(keys, RecordRules.DEFAULT, LastLists.none(), RegistryObserver.NONE),
                        Duration.ofHours(1))
                .subscribe("svc", new LatestList());
        after(Duration.ofSeconds(1));
    }

    private void after(Duration time) {
        scheduler.forward(time);
    }
}
