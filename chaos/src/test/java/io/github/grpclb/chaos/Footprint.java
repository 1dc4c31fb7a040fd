package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.RawEtcd;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/**
 * What this process and an etcd hold at a moment.
 *
 * @param threads of this process
 * @param descriptors that this process has open
 * @param heapMiB that is in use after a collection
 * @param streams of watches that are open at etcd
 * @param watchers within them
 * @param leases that etcd knows
 */
record Footprint(int threads, int descriptors, double heapMiB, int streams, int watchers, int leases) {

    private static final double MIB = 1024 * 1024;

    static Footprint of(EtcdProcess etcd, RawEtcd operator) {
        return new Footprint(
                ManagementFactory.getThreadMXBean().getThreadCount(),
                descriptors(ProcessHandle.current().pid()),
                liveHeapMiB(),
                (int) etcd.metric("etcd_debugging_mvcc_watch_stream_total"),
                (int) etcd.metric("etcd_debugging_mvcc_watcher_total"),
                operator.leases());
    }

    /** Fails if something is more than before, but for what comes and goes by itself: a timer's thread, a pooled connection. */
    void requireNoMoreThan(Footprint before) {
        assertThat(threads).as("threads").isLessThanOrEqualTo(before.threads + 3);
        assertThat(descriptors).as("descriptors").isLessThanOrEqualTo(before.descriptors + 3);
        assertThat(heapMiB).as("heap in MiB").isLessThanOrEqualTo(before.heapMiB + 5);
        assertThat(streams).as("watch streams").isLessThanOrEqualTo(before.streams);
        assertThat(watchers).as("watchers").isLessThanOrEqualTo(before.watchers);
        assertThat(leases).as("leases").isLessThanOrEqualTo(before.leases);
    }

    /** Returns how many descriptors a process has open. */
    static int descriptors(long pid) {
        String[] open = new File("/proc/" + pid + "/fd").list();
        return open == null ? 0 : open.length;
    }

    /** Returns how much processor time this process has used. */
    static Duration processorTime() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow();
    }

    /** Returns what stays in use when all that is garbage has gone. */
    static double liveHeapMiB() {
        long used = Long.MAX_VALUE;
        // what a first collection enqueues (cleaners, references) a second one frees
        for (int i = 0; i < 3; i++) {
            System.gc();
            Scene.during(Duration.ofMillis(100));
            used = Math.min(
                    used,
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return used / MIB;
    }

    @Override
    public String toString() {
        return "%d threads, %d descriptors, heap %.1f MiB; at etcd %d watch streams, %d watchers, %d leases"
                .formatted(threads, descriptors, heapMiB, streams, watchers, leases);
    }
}
