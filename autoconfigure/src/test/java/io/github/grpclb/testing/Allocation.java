package io.github.grpclb.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Measures what the JVM allocates. */
public final class Allocation {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Allocation() {}

    /** Returns the bytes that a run allocates on this thread, on average over many, once it has warmed up. */
    public static double bytesPerRun(Runnable work) {
        int runs = 20_000;
        for (int i = 0; i < runs; i++) {
            work.run();
        }
        long thread = Thread.currentThread().getId();
        long before = THREADS.getThreadAllocatedBytes(thread);
        for (int i = 0; i < runs; i++) {
            work.run();
        }
        return (double) (THREADS.getThreadAllocatedBytes(thread) - before) / runs;
    }
}
