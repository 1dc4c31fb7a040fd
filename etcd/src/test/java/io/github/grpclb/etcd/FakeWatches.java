package io.github.grpclb.etcd;

import io.github.grpclb.etcd.FakeEtcd.FakeClient;
import io.github.grpclb.etcd.FakeEtcd.Health;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.testing.FakeClock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The watches of a {@link FakeEtcd}'s clients. */
final class FakeWatches {

    private final FakeClock scheduler;
    private final FakeFaults faults;
    private final FakeStore store;
    private final List<Watch> watches = new ArrayList<>();
    private boolean mute;
    private boolean compactsBeforeNext;

    FakeWatches(FakeClock scheduler, FakeFaults faults, FakeStore store) {
        this.scheduler = scheduler;
        this.faults = faults;
        this.store = store;
    }

    EtcdApi.Watch open(FakeClient client, String prefix, long from, EtcdApi.WatchListener listener) {
        Watch watch = new Watch(client, prefix, from, listener);
        watches.add(watch);
        scheduler.schedule(watch::open, faults.delay(), TimeUnit.NANOSECONDS);
        return watch;
    }

    /** Tells all of a revision and its changes. */
    void tell(long revision, List<EtcdApi.Event> events) {
        List.copyOf(watches).forEach(watch -> watch.tell(revision, events));
    }

    void endAll(EtcdException cause) {
        List.copyOf(watches).forEach(watch -> watch.end(cause));
    }

    void endOf(FakeClient client, EtcdException cause) {
        List.copyOf(watches).stream().filter(watch -> watch.client == client).forEach(watch -> watch.end(cause));
    }

    void mute(boolean on) {
        mute = on;
        watches.forEach(watch -> watch.deaf |= on);
    }

    void compactBeforeNext() {
        compactsBeforeNext = true;
    }

    int count() {
        return watches.size();
    }

    long count(FakeClock process) {
        return watches.stream()
                .filter(watch -> watch.client.process() == process)
                .count();
    }

    private final class Watch implements EtcdApi.Watch {

        private final FakeClient client;
        private final String prefix;
        private final long from;
        private final EtcdApi.WatchListener listener;
        private boolean open;
        private boolean deaf = mute;
        private boolean closed;
        private long lastArrival;

        Watch(FakeClient client, String prefix, long from, EtcdApi.WatchListener listener) {
            this.client = client;
            this.prefix = prefix;
            this.from = from;
            this.listener = listener;
        }

        void open() {
            if (!watches.contains(this)) {
                return;
            }
            if (faults.health() == Health.PAUSED) {
                faults.waitUntilUp(this::open);
                return;
            }
            EtcdException refusal = faults.refusalOfWatch(client);
            if (refusal != null) {
                end(refusal);
            } else if (compactsBeforeNext && !store.records().isEmpty()) {
                compactsBeforeNext = false;
                KeyValue first = store.records().firstEntry().getValue();
                store.put(first.key(), first.value(), first.lease());
                store.compact();
                open();
            } else if (from > 0 && from <= store.compacted()) {
                end(new EtcdException(EtcdException.Kind.COMPACTED, "compacted"));
            } else {
                open = true;
                long current = store.revision();
                say(0, () -> listener.onCreated(current));
                tell(current, store.changesFrom(from > 0 ? from : current + 1)); // 0: from now on
            }
        }

        void tell(long at, List<EtcdApi.Event> events) {
            List<EtcdApi.Event> mine = events.stream()
                    .filter(event -> event.record().key().startsWith(prefix)
                            && event.record().modRevision() >= from)
                    .toList();
            if (open && !mine.isEmpty()) {
                say(faults.delay(), () -> listener.onEvents(at, mine));
            }
        }

        void end(EtcdException cause) {
            if (watches.remove(this)) {
                client.inProcess(FakeEtcd.LATENCY.toNanos(), () -> {
                    if (!closed) {
                        listener.onEnd(cause);
                    }
                });
            }
        }

        @Override
        public void requestProgress() {
            scheduler.schedule(this::tellProgress, faults.delay(), TimeUnit.NANOSECONDS);
        }

        private void tellProgress() {
            if (faults.health() == Health.PAUSED) {
                faults.waitUntilUp(this::tellProgress);
            } else {
                long current = store.revision();
                say(0, () -> listener.onProgress(current));
            }
        }

        @Override
        public void close() {
            closed = true;
            watches.remove(this);
        }

        /** Says something after all that was said before. */
        private void say(long delay, Runnable call) {
            lastArrival = Math.max(lastArrival, scheduler.nanoTime() + delay);
            client.inProcess(lastArrival - scheduler.nanoTime(), () -> {
                if (watches.contains(this) && !deaf) {
                    call.run();
                }
            });
        }
    }
}
