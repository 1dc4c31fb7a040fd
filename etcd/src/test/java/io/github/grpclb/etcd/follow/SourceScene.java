package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.EndpointSource.Subscription;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.github.grpclb.discovery.follow.LastLists;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.ForwardingApi;
import io.github.grpclb.etcd.LatestList;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.RecordRules;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Subscribers of one source over an etcd in virtual time. */
final class SourceScene {

    static final Duration SOON = Duration.ofMillis(10);
    static final Duration RECOVERY = Duration.ofMillis(2100);
    static final Duration LINGER = Duration.ofHours(1);

    private final FakeClock scheduler = new FakeClock();
    final FakeEtcd etcd = new FakeEtcd(scheduler);
    final List<Restart> restarts = new ArrayList<>();
    int skipped;
    private final FakeEtcd.FakeClient client = etcd.client();
    private final EtcdLoop loop = new EtcdLoop(scheduler, scheduler::nanoTime, new Random(7));
    Duration progressTakesLonger = Duration.ZERO;
    final EtcdEndpointSource source = new EtcdEndpointSource(
            loop,
            new ForwardingApi(client) {
                @Override
                public Watch watch(String prefix, long from, WatchListener listener) {
                    return to.watch(prefix, from, new ForwardingListener(listener) {
                        @Override
                        public void onProgress(long revision) {
                            loop.after(progressTakesLonger, () -> to.onProgress(revision));
                        }
                    });
                }
            },
            new Following(new KeySpace("/grpclb/"), RecordRules.DEFAULT, LastLists.none(), new RegistryObserver() {
                @Override
                public void watchRestarted(String service, Restart reason) {
                    restarts.add(reason);
                }

                @Override
                public void recordSkipped(String service) {
                    skipped++;
                }
            }),
            LINGER);
    final LatestList heard = new LatestList();

    Subscription subscribe() {
        Subscription subscription = source.subscribe("svc", heard);
        after(SOON);
        return subscription;
    }

    void put(String address, int weight) {
        etcd.put(
                "/grpclb/svc/" + address,
                "{\"Op\":0,\"Addr\":\"" + address + "\",\"Metadata\":{\"weight\":" + weight + "}}");
    }

    void after(Duration time) {
        scheduler.forward(time);
    }

    static EtcdException ended() {
        return new EtcdException(EtcdException.Kind.COMPLETED, "ended");
    }
}
