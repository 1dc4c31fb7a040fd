package io.github.grpclb.discovery.snapshot;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.follow.LastLists;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.discovery.follow.SavedList;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last good lists on disk, a file for each service. All file work is done on a thread of its own. What cannot be read or
 * written is logged and otherwise as if it were not there. Thread-safe.
 *
 * @param <R> what a list is as the registry holds it
 */
@Internal
public final class SnapshotStore<R> implements LastLists<R> {

    private static final Logger log = LoggerFactory.getLogger(SnapshotStore.class);

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    /** How far another clock may be ahead. */
    private static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

    private final SnapshotDirectory directory;
    private final SnapshotFormat<R> format;
    private final Duration maxAge;
    private final RegistryLoop worker;
    private final ScheduledExecutorService executor;
    private final LongSupplier currentTimeMillis;

    // on the worker's thread
    private final Map<String, SnapshotFile> files = new HashMap<>();

    /**
     * Opens a store.
     *
     * @throws IllegalValueException if the directory cannot be used
     */
    public static <R> SnapshotStore<R> open(SnapshotOptions options, SnapshotFormat<R> format) {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "grpc-lb-snapshot");
            thread.setDaemon(true);
            return thread;
        });
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        executor.prestartCoreThread();
        return new SnapshotStore<>(options, format, executor, System::nanoTime, System::currentTimeMillis);
    }

    /** Creates a store with a thread and clocks of the caller's, who ends the thread with {@link #close()}. */
    public SnapshotStore(
            SnapshotOptions options,
            SnapshotFormat<R> format,
            ScheduledExecutorService executor,
            LongSupplier ticker,
            LongSupplier currentTimeMillis) {
        try {
            this.directory = SnapshotDirectory.open(options.directory());
        } catch (IOException | SecurityException e) {
            throw new IllegalValueException(
                    "directory",
                    options.directory(),
                    "a directory that this process can make and write to, not: " + LogText.of(e.toString()),
                    e);
        }
        this.format = format;
        this.maxAge = options.maxAge();
        this.executor = executor;
        this.worker = new RegistryLoop(executor, ticker, new Random());
        this.currentTimeMillis = currentTimeMillis;
    }

    @Override
    public void keep(String service, List<Endpoint> live) {
        if (!live.isEmpty()) {
            long asOf = currentTimeMillis.getAsLong();
            worker.execute(() -> files.computeIfAbsent(service, this::newFile).confirmed(live, asOf));
        }
    }

    @Override
    public void recall(String service, Consumer<@Nullable SavedList<R>> found) {
        if (!worker.execute(() -> found.accept(read(service)))) {
            found.accept(null);
        }
    }

    @Override
    public void close() {
        worker.execute(() -> files.values().forEach(SnapshotFile::flush));
        executor.shutdown();
        try {
            if (!executor.awaitTermination(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("The snapshots could not be written within {} ms", CLOSE_LIMIT.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private SnapshotFile newFile(String service) {
        Path file = directory.file(service, format.registry());
        return new SnapshotFile(
                worker,
                maxAge,
                (list, asOf) -> directory.write(file, format.encode(service, asOf, list)),
                file.toString());
    }

    private @Nullable SavedList<R> read(String service) {
        Path file = directory.file(service, format.registry());
        try {
            byte[] text = directory.read(file);
            if (text == null) {
                log.info("{}: no snapshot to start from at {}", LogText.of(service), file);
                return null;
            }
            SavedList<R> saved = format.decode(service, text, file.toString());
            requireAge(saved.asOf());
            return saved;
        } catch (IOException | RuntimeException | Error e) {
            String why = String.valueOf(e.getClass() == IOException.class ? e.getMessage() : e);
            log.warn("{}: snapshot {} ignored: {}", LogText.of(service), file, LogText.of(why));
            return null;
        }
    }

    private void requireAge(long asOf) throws IOException {
        Duration age = Duration.ofMillis(currentTimeMillis.getAsLong() - asOf);
        if (age.compareTo(maxAge) > 0) {
            throw new IOException("it is " + age.toSeconds() + " s old (expected: at most " + maxAge.toSeconds() + ")");
        }
        if (age.compareTo(CLOCK_SKEW.negated()) < 0) {
            throw new IOException("it is from " + age.negated().toSeconds() + " s in the future (expected: the past)");
        }
    }
}
