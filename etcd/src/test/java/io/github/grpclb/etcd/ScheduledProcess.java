package io.github.grpclb.etcd;

import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.client.ReconnectingApi;
import io.github.grpclb.testing.FakeClock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A process under a fault schedule: its own loop, its own way to etcd, its own clock that begins anywhere. */
final class ScheduledProcess {

    /** Where monotonic clocks begin: what they show says nothing, and they may pass the largest number. */
    private static final long[] CLOCKS = {0, -1_000_000_000_000L, Long.MAX_VALUE - 30_000_000_000L};

    final FakeClock scheduler;
    final Calm calm;
    final Thrower thrower;
    final EtcdLoop loop;
    final EtcdApi api;
    private final List<FakeEtcd.FakeClient> clients = new ArrayList<>();
    private boolean cut;

    ScheduledProcess(FakeClock clock, FakeEtcd etcd, Random random, Sabotage sabotage) {
        this.scheduler = clock.process();
        this.calm = new Calm(clock);
        long begin = CLOCKS[random.nextInt(CLOCKS.length)];
        this.thrower = new Thrower(new Random(random.nextLong()));
        this.loop = sabotage.loop(scheduler, () -> scheduler.nanoTime() + begin, new Random(random.nextLong()));
        this.api = sabotage.of(
                thrower.of(new ReconnectingApi(
                        loop,
                        () -> {
                            thrower.maybe();
                            FakeEtcd.FakeClient client = etcd.client(scheduler);
                            client.cut(cut);
                            clients.add(client);
                            return thrower.of(client);
                        },
                        "http://etcd:2379")),
                loop);
    }

    void cut(boolean off) {
        cut = off;
        clients.forEach(client -> client.cut(off));
    }

    void kill() {
        scheduler.kill();
        clients.forEach(FakeEtcd.FakeClient::close);
    }
}
