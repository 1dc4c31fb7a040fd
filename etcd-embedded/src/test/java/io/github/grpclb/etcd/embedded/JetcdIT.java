package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The embedded etcd, used with jetcd. */
class JetcdIT {

    private static final ByteSequence PREFIX = bytes("/s/");
    private static final ByteSequence KEY = bytes("/s/a");
    private static final ByteSequence VALUE = bytes("1");

    private EmbeddedEtcd etcd;
    private Client client;

    @BeforeEach
    void start() {
        etcd = EmbeddedEtcd.start("localhost", 0);
        client = Client.builder().endpoints(etcd.endpoint().toString()).build();
    }

    @AfterEach
    void stop() {
        client.close();
        etcd.close();
    }

    @Test
    void readsWhatATransactionWrote() {
        var txn = client.getKVClient()
                .txn()
                .If(new Cmp(KEY, Cmp.Op.EQUAL, CmpTarget.createRevision(0)))
                .Then(Op.put(KEY, VALUE, PutOption.DEFAULT))
                .commit();

        assertThat(get(txn).isSucceeded()).isTrue();
        var found = get(client.getKVClient()
                .get(PREFIX, GetOption.builder().isPrefix(true).build()));
        assertThat(found.getKvs()).singleElement().satisfies(kv -> {
            assertThat(kv.getKey()).isEqualTo(KEY);
            assertThat(kv.getValue()).isEqualTo(VALUE);
            assertThat(kv.getCreateRevision()).isEqualTo(2);
        });
    }

    @Test
    void watchesAPrefix() {
        List<WatchEvent> events = new CopyOnWriteArrayList<>();
        WatchOption options =
                WatchOption.builder().isPrefix(true).withRevision(1).build();
        try (Watch.Watcher watcher =
                client.getWatchClient().watch(PREFIX, options, response -> events.addAll(response.getEvents()))) {
            get(client.getKVClient().put(KEY, VALUE));
            get(client.getKVClient().delete(KEY));

            await().until(() -> events.size() == 2);
        }

        assertThat(events)
                .extracting(WatchEvent::getEventType)
                .containsExactly(WatchEvent.EventType.PUT, WatchEvent.EventType.DELETE);
    }

    @Test
    void keepsAKeyWhileItsLeaseIsKeptAlive() {
        var lease = get(client.getLeaseClient().grant(2));
        List<Long> renewals = new CopyOnWriteArrayList<>();
        get(client.getKVClient()
                .put(KEY, VALUE, PutOption.builder().withLeaseId(lease.getID()).build()));

        var keepAlive = client.getLeaseClient().keepAlive(lease.getID(), new StreamObserver<>() {
            @Override
            public void onNext(LeaseKeepAliveResponse response) {
                renewals.add(response.getTTL());
            }

            @Override
            public void onError(Throwable error) {}

            @Override
            public void onCompleted() {}
        });
        await().until(() -> renewals.size() >= 4);
        assertThat(exists()).isTrue();

        keepAlive.close();
        await().until(() -> !exists());
    }

    @Test
    void locksAndElects() {
        long lease = get(client.getLeaseClient().grant(60)).getID();
        ByteSequence lock = get(client.getLockClient().lock(KEY, lease)).getKey();
        get(client.getLockClient().unlock(lock));

        var won = get(client.getElectionClient().campaign(KEY, lease, VALUE));

        assertThat(get(client.getElectionClient().leader(KEY)).getKv().getValue())
                .isEqualTo(VALUE);
        get(client.getElectionClient().resign(won.getLeader()));
    }

    @Test
    void tellsItsSizeAndItsHash() {
        var maintenance = client.getMaintenanceClient();
        String target = etcd.endpoint().toString();

        assertThat(get(maintenance.statusMember(target)).getDbSize()).isPositive();
        assertThat(get(maintenance.hashKV(target, 0)).getCompacted()).isNegative();
        get(maintenance.defragmentMember(target));
    }

    private boolean exists() {
        return get(client.getKVClient().get(KEY)).getCount() > 0;
    }

    private static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(10, TimeUnit.SECONDS).join();
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }
}
