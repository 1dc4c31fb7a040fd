package io.github.grpclb.testing;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** What all bytes of one direction of a {@link TcpProxy} pass through. */
final class ProxyGate {

    private boolean closed;
    private Supplier<Duration> delay = () -> Duration.ZERO;

    synchronized void close(boolean closed) {
        this.closed = closed;
        notifyAll();
    }

    synchronized void delay(Supplier<Duration> each) {
        delay = each;
        notifyAll();
    }

    /** Wakes those who wait, to look whether their connection is still there. */
    synchronized void stir() {
        notifyAll();
    }

    /** Waits for the delay and while the gate is closed, at most until the connection is over. */
    synchronized void pass(BooleanSupplier over) throws InterruptedException {
        Supplier<Duration> asked = delay;
        long due = System.nanoTime() + asked.get().toNanos();
        for (long left = due - System.nanoTime();
                left > 0 && delay == asked && !over.getAsBoolean();
                left = due - System.nanoTime()) {
            wait(left / 1_000_000, (int) (left % 1_000_000));
        }
        while (closed && !over.getAsBoolean()) {
            wait();
        }
    }
}
