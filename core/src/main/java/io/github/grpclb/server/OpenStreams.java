package io.github.grpclb.server;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The streams that clients have open here. A stream may live for days and so would outlast any wait: when the server leaves, it
 * may end by itself for a while, and is then ended, so that its client opens it anew elsewhere. Thread-safe.
 */
public final class OpenStreams {

    private static final Logger log = LoggerFactory.getLogger(OpenStreams.class);

    /** A call in which one side may send more than one message. */
    public interface Stream {

        /** Ends it towards its client, if it has not ended. Called on any thread; must not block. */
        void close();
    }

    private final LongSupplier nanoTime;
    private final LongConsumer sleepNanos;
    private final Set<Stream> streams = ConcurrentHashMap.newKeySet();
    private volatile @Nullable Thread waiting;
    private volatile boolean closed;

    /** Creates one on the system's monotonic clock. */
    public OpenStreams() {
        this(System::nanoTime, LockSupport::parkNanos);
    }

    OpenStreams(LongSupplier nanoTime, LongConsumer sleepNanos) {
        this.nanoTime = nanoTime;
        this.sleepNanos = sleepNanos;
    }

    /** Notes that a stream begins; ends it at once when the others have been ended already. */
    public void add(Stream stream) {
        streams.add(stream);
        if (closed && streams.remove(stream)) {
            close(stream);
        }
    }

    /** Notes that a stream has ended. */
    public void remove(Stream stream) {
        streams.remove(stream);
        Thread waiter = waiting;
        if (waiter != null && streams.isEmpty()) {
            LockSupport.unpark(waiter);
        }
    }

    /** Returns how many are open. */
    public int count() {
        return streams.size();
    }

    /**
     * Blocks until none is open, or until {@code limit} has passed, or the thread is interrupted (its interrupt status stays set).
     * One thread at a time may wait.
     *
     * @return whether none is open
     */
    public boolean await(Duration limit) {
        long start = nanoTime.getAsLong();
        waiting = Thread.currentThread();
        try {
            while (!streams.isEmpty()) {
                long left = limit.toNanos() - (nanoTime.getAsLong() - start);
                if (left <= 0 || Thread.currentThread().isInterrupted()) {
                    return false;
                }
                sleepNanos.accept(left);
            }
            return true;
        } finally {
            waiting = null;
        }
    }

    /**
     * Ends all that are open, and from now on those that begin.
     *
     * @return how many were ended
     */
    public int closeAll() {
        closed = true;
        int ended = 0;
        for (Stream stream : streams) {
            if (streams.remove(stream)) {
                close(stream);
                ended++;
            }
        }
        return ended;
    }

    private static void close(Stream stream) {
        try {
            stream.close();
        } catch (RuntimeException e) {
            log.warn("A stream could not be ended", e);
        }
    }
}
