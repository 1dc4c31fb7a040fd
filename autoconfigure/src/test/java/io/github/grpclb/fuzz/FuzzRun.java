package io.github.grpclb.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.AroundTryHook;
import net.jqwik.api.lifecycle.PropagationMode;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;
import net.jqwik.api.lifecycle.TryExecutionResult;
import net.jqwik.api.lifecycle.TryExecutor;
import net.jqwik.api.lifecycle.TryLifecycleContext;

/**
 * What every fuzzed property must keep besides its own assertions: no input takes long, none hangs, and the heap is as empty after
 * all of them as before. Prints a line for each property, with its seed, and leaves one for {@code bin/fuzz}, in the file that the
 * system property {@code fuzz.report} names.
 */
public final class FuzzRun implements AroundPropertyHook, AroundTryHook {

    /** Far more than any input needs. Of the thread's own time: a machine that is busy elsewhere is not a finding. */
    private static final Duration SLOW = Duration.ofSeconds(2);

    private static final Duration HUNG = Duration.ofSeconds(20);
    private static final long MAX_HEAP_GROWTH = 24L << 20;
    private static final int EXIT_OF_HUNG = 3;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private volatile long beganNanos;
    private volatile List<Object> input = List.of();
    private volatile Thread runner = Thread.currentThread();
    private long inputs;
    private long slowestNanos;

    @Override
    public PropagationMode propagateTo() {
        return PropagationMode.ALL_DESCENDANTS;
    }

    @Override
    public PropertyExecutionResult aroundProperty(PropertyLifecycleContext context, PropertyExecutor property) {
        String name = context.containerClass().getSimpleName().replace("FuzzTest", "") + "."
                + context.targetMethod().getName();
        inputs = 0;
        slowestNanos = 0;
        input = List.of();
        long heapBefore = heapAfterGc();
        long start = System.nanoTime();
        Thread watchdog = watchdog(name);
        PropertyExecutionResult result = property.execute();
        watchdog.interrupt();
        double seconds = (System.nanoTime() - start) / 1e9;
        input = List.of();
        long heapAfter = heapAfterGc();
        boolean grown = heapAfter - heapBefore > MAX_HEAP_GROWTH;
        boolean good = result.status() == PropertyExecutionResult.Status.SUCCESSFUL && !grown;
        report(String.format(
                Locale.ROOT,
                "%s\t%d\t%.1f\t%.0f\t%d\t%.1f\t%.1f\t%.1f\t%s",
                name,
                inputs,
                seconds,
                inputs / seconds,
                good ? 0 : 1,
                slowestNanos / 1e6,
                heapBefore / 1048576.0,
                heapAfter / 1048576.0,
                result.seed().orElse("-")));
        return grown && result.status() == PropertyExecutionResult.Status.SUCCESSFUL
                ? result.mapToFailed("the heap has grown from " + heapBefore + " to " + heapAfter + " bytes")
                : result;
    }

    @Override
    public TryExecutionResult aroundTry(TryLifecycleContext context, TryExecutor executor, List<Object> parameters) {
        input = parameters;
        runner = Thread.currentThread();
        beganNanos = System.nanoTime();
        long begin = THREADS.getCurrentThreadCpuTime();
        TryExecutionResult result = executor.execute(parameters);
        long took = THREADS.getCurrentThreadCpuTime() - begin;
        input = List.of();
        inputs++;
        slowestNanos = Math.max(slowestNanos, took);
        return took < SLOW.toNanos()
                ? result
                : TryExecutionResult.falsified(new AssertionError("took " + took / 1_000_000 + " ms"));
    }

    /** A loop that never ends hears no interrupt: the only way out is out of the process. */
    private Thread watchdog(String name) {
        Thread watchdog = new Thread(
                () -> {
                    try {
                        while (true) {
                            Thread.sleep(500);
                            if (!input.isEmpty() && System.nanoTime() - beganNanos > HUNG.toNanos()) {
                                System.err.println("fuzz: " + name + " hangs at " + input);
                                for (StackTraceElement frame : runner.getStackTrace()) {
                                    System.err.println("    at " + frame);
                                }
                                Runtime.getRuntime().halt(EXIT_OF_HUNG);
                            }
                        }
                    } catch (InterruptedException e) {
                        // the property has ended
                    }
                },
                "fuzz-watchdog");
        watchdog.setDaemon(true);
        watchdog.start();
        return watchdog;
    }

    /** The least of a few looks: one collection does not always get everything. */
    private static long heapAfterGc() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }

    private static void report(String line) {
        String[] cells = line.split("\t");
        System.out.printf("fuzz: %s: %s inputs in %s s, seed %s%n", cells[0], cells[1], cells[2], cells[8]);
        String file = System.getProperty("fuzz.report", "");
        if (!file.isEmpty()) {
            try {
                Files.writeString(Path.of(file), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
