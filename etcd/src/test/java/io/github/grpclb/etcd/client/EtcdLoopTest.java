package io.github.grpclb.etcd.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.follow.Alarm;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(CapturedLog.Extension.class)
class EtcdLoopTest {

    private final FakeClock scheduler = new FakeClock();
    private final EtcdLoop loop = newLoop();
    private final List<EtcdException> failures = new ArrayList<>();

    @Test
    void whatACallFailsWithIsItsFailure() {
        EtcdException away = new EtcdException(EtcdException.Kind.UNREACHABLE, "away");
        loop.when(() -> CompletableFuture.failedFuture(away), result -> {}, failures::add);
        assertThat(failures).containsExactly(away);
    }

    @Test
    void whatMakingACallThrowsIsItsFailure(CapturedLog output) {
        Error thrown = new OutOfMemoryError("unable to create native thread");
        loop.when(
                () -> {
                    throw thrown;
                },
                result -> {},
                failures::add);
        assertThat(failures).singleElement().satisfies(failure -> {
            assertThat(failure.kind()).isEqualTo(EtcdException.Kind.INTERNAL);
            assertThat(failure).hasCause(thrown).hasMessageContaining("unable to create native thread");
        });
        assertThat(output).contains("OutOfMemoryError", "at " + EtcdLoopTest.class.getName());
    }

    @Test
    void whatItsAnswerThrowsIsItsFailureOnce() {
        CompletableFuture<String> call = new CompletableFuture<>();
        loop.when(() -> call, EtcdLoopTest::fail, failures::add);
        assertThat(failures).isEmpty();
        call.complete("");
        assertThat(failures).singleElement().extracting(EtcdException::kind).isEqualTo(EtcdException.Kind.INTERNAL);
    }

    @Test
    void whatItsFailureThrowsIsLogged(CapturedLog output) {
        loop.when(
                () -> CompletableFuture.failedFuture(new EtcdException(EtcdException.Kind.REFUSED, "no")),
                result -> {},
                EtcdLoopTest::fail);
        assertThat(output).contains("a mistake");
    }

    @Test
    void aTaskThatThrowsIsLoggedOncePerPlaceAndEndsNothing(CapturedLog output) {
        for (int i = 0; i < 5; i++) {
            loop.execute(() -> fail("first"));
            loop.after(Duration.ofSeconds(1), () -> {
                throw new IllegalStateException("another mistake");
            });
        }
        List<String> ran = new ArrayList<>();
        loop.execute(() -> ran.add("last"));
        scheduler.forward(Duration.ofSeconds(2));
        assertThat(ran).hasSize(1);
        assertThat(output.toString().split("IllegalStateException: a mistake", -1))
                .hasSize(2);
        assertThat(output.toString().split("IllegalStateException: another mistake", -1))
                .hasSize(2);
    }

    @Test
    void foreignCodeIsLoggedOncePerPlaceByEachLoop(CapturedLog output) {
        for (int i = 0; i < 5; i++) {
            assertThat(loop.foreign(() -> fail("listener"))).isFalse();
        }
        assertThat(output.toString().split("said once", -1)).hasSize(2);
        assertThat(newLoop().foreign(() -> fail("listener"))).isFalse();
        assertThat(output.toString().split("said once", -1)).hasSize(3);
        assertThat(loop.foreign(() -> {})).isTrue();
    }

    @Test
    void anAlarmHasOneTask() {
        List<String> ran = new ArrayList<>();
        Alarm alarm = new Alarm(loop);
        alarm.set(Duration.ofSeconds(1), () -> ran.add("first"));
        alarm.set(Duration.ofSeconds(2), () -> ran.add("second"));
        scheduler.forward(Duration.ofSeconds(3));
        assertThat(ran).containsExactly("second");
        alarm.set(Duration.ofSeconds(1), () -> ran.add("third"));
        alarm.cancel();
        scheduler.forward(Duration.ofSeconds(3));
        assertThat(ran).hasSize(1);
        assertThat(scheduler.pending()).isZero();
    }

    private EtcdLoop newLoop() {
        return new EtcdLoop(scheduler, scheduler::nanoTime, new Random(7));
    }

    private static void fail(Object ignored) {
        throw new IllegalStateException("a mistake");
    }
}
