package io.github.grpclb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Threads that call one after the other without a pause, until it is closed; whatever fails is kept. */
public final class Load implements AutoCloseable {

    private static final int LAST = 100;

    private final AtomicInteger answered = new AtomicInteger();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedDeque<String> last = new ConcurrentLinkedDeque<>();
    private final ExecutorService threads;
    private volatile boolean over;

    /**
     * Begins to call.
     *
     * @param ask makes a call with a deadline, and returns the id of the server that answered
     */
    public Load(int count, Supplier<String> ask) {
        threads = Executors.newFixedThreadPool(count);
        for (int i = 0; i < count; i++) {
            threads.execute(() -> call(ask));
        }
    }

    /** Returns how many calls were answered. */
    public int answered() {
        return answered.get();
    }

    /** Returns what the others failed with. */
    public List<Throwable> failures() {
        return List.copyOf(failures);
    }

    /** Waits until so many more calls were answered. */
    public void awaitAnswers(int more) {
        int until = answered() + more;
        await().pollInterval(Duration.ofMillis(1)).until(() -> answered() >= until);
    }

    /** Waits until each of some servers is among those that answered last, a hundred times at most, and no other is. */
    public void awaitAnswersFromExactly(String... ids) {
        last.clear();
        await().untilAsserted(() -> assertThat(List.copyOf(last)).contains(ids).containsOnly(ids));
    }

    private void call(Supplier<String> ask) {
        while (!over) {
            try {
                last.add(ask.get());
                answered.incrementAndGet();
                if (last.size() > LAST) {
                    last.poll();
                }
            } catch (RuntimeException e) {
                failures.add(e);
            }
        }
    }

    @Override
    public void close() throws InterruptedException {
        over = true;
        threads.shutdown();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }
}
