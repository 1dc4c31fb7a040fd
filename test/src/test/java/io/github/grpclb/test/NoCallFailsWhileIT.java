package io.github.grpclb.test;

import static io.github.grpclb.test.GrpcLbAssertions.noCallFailsWhile;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** With real threads, whose calls reach nobody. */
@Timeout(60)
class NoCallFailsWhileIT {

    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicBoolean broken = new AtomicBoolean();

    private void call() {
        calls.incrementAndGet();
        if (broken.get()) {
            throw Status.UNAVAILABLE.withDescription("gone").asRuntimeException();
        }
    }

    @Test
    void callsBeforeWhileAndAfterTheAction() throws Exception {
        Set<Thread> callers = ConcurrentHashMap.newKeySet();
        int[] seen = new int[2];
        noCallFailsWhile(
                () -> {
                    callers.add(Thread.currentThread());
                    call();
                },
                () -> {
                    seen[0] = calls.get();
                    while (calls.get() < seen[0] + 10) {
                        Thread.onSpinWait();
                    }
                    seen[1] = calls.get();
                });
        assertThat(seen[0]).isGreaterThanOrEqualTo(CallsMeanwhile.THREADS);
        assertThat(calls.get()).isGreaterThanOrEqualTo(seen[1] + CallsMeanwhile.THREADS);
        assertThat(callers).hasSize(CallsMeanwhile.THREADS).allSatisfy(each -> {
            each.join(10_000);
            assertThat(each.isAlive()).isFalse();
        });
    }

    @Test
    void tellsHowManyCallsFailedWithWhatAndWhen() {
        assertThatThrownBy(() -> noCallFailsWhile(this::call, () -> {
                    broken.set(true);
                    int before = calls.get();
                    while (calls.get() < before + 10) {
                        Thread.onSpinWait();
                    }
                    broken.set(false);
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageMatching(
                        "(?s)\\d+ of \\d+ calls failed:\\R  UNAVAILABLE: gone \\(\\d+ times, first 0\\.\\d{3} s after the action began\\)")
                .hasCauseInstanceOf(StatusRuntimeException.class);
    }

    @Test
    void seesWhatIsBrokenOnlyAtTheEndOfTheAction() {
        assertThatThrownBy(() -> noCallFailsWhile(this::call, () -> broken.set(true)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("UNAVAILABLE: gone");
    }

    @Test
    void doesNotBeginWhereCallsFailAlready() {
        broken.set(true);
        AtomicBoolean begun = new AtomicBoolean();
        assertThatThrownBy(() -> noCallFailsWhile(this::call, () -> begun.set(true)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("before the action began");
        assertThat(begun).isFalse();
    }

    @Test
    void throwsWhatTheActionThrows() {
        assertThatThrownBy(() -> noCallFailsWhile(this::call, () -> {
                    throw new IOException("disk");
                }))
                .isInstanceOf(IOException.class)
                .hasNoSuppressedExceptions();
    }

    @Test
    void showsAtMostTenKindsOfFailure() {
        AtomicInteger number = new AtomicInteger();
        assertThatThrownBy(() -> noCallFailsWhile(
                        () -> {
                            call();
                            if (calls.get() > 10) {
                                throw new IOException("number " + number.incrementAndGet());
                            }
                        },
                        () -> {
                            while (number.get() < 25) {
                                Thread.onSpinWait();
                            }
                        }))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("java.io.IOException: number ")
                .hasMessageMatching("(?s).*and in \\d+ other ways");
    }

    @Test
    void givesUpOnACallThatNeverEnds() {
        CountDownLatch interrupted = new CountDownLatch(1);
        CallsMeanwhile hanging = new CallsMeanwhile(
                () -> {
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                        throw e;
                    }
                },
                Duration.ofMillis(50));
        assertThatThrownBy(() -> hanging.run(() -> {}))
                .isInstanceOf(AssertionError.class)
                .hasMessage("a call has not ended within 0.050 s: give calls a deadline");
        await().until(() -> interrupted.getCount() == 0);
    }
}
