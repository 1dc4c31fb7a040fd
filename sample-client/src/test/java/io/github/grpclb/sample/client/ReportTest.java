package io.github.grpclb.sample.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReportTest {

    private final Report report = new Report();

    @Test
    void jsonIsOneLineAndStillWholeWithoutCalls() {
        assertThat(report.toJson())
                .isEqualTo(
                        "{\"ok\":0,\"failed\":0,\"per_server\":{},\"errors\":{},\"latency_ms\":{\"p50\":0.0,\"p99\":0.0}}");
    }

    @Test
    void countsByServerAndByStatus() {
        report.add(new Outcome(Status.Code.OK, "127.0.0.1:8002", "hello"), millis(1));
        report.add(new Outcome(Status.Code.OK, "127.0.0.1:8001", "hello"), millis(1));
        report.add(new Outcome(Status.Code.UNAVAILABLE, "127.0.0.1:8001", "error"), millis(1));
        report.add(new Outcome(Status.Code.UNAVAILABLE, "", "error"), millis(1));

        assertThat(report.failed()).isEqualTo(2);
        assertThat(report.toJson())
                .startsWith("{\"ok\":2,\"failed\":2,\"per_server\":{\"127.0.0.1:8001\":2,\"127.0.0.1:8002\":1},"
                        + "\"errors\":{\"UNAVAILABLE\":2},\"latency_ms\":{\"p50\":1.0");
    }

    @Test
    void latencyIsInMillisecondsWithinOneThousandth() {
        for (int i = 1; i <= 100; i++) {
            report.add(new Outcome(Status.Code.OK, "127.0.0.1:8001", "hello"), millis(i));
        }

        assertThat(report.toTable()).contains("100 ok, 0 failed; p50 50.0 ms, p99 99.");
    }

    @Test
    void callsLongerThanAnHourCountAsAnHour() {
        report.add(new Outcome(Status.Code.OK, "127.0.0.1:8001", "hello"), TimeUnit.DAYS.toNanos(1));

        assertThat(report.failed()).isZero();
    }

    @Test
    void tableShowsShares() {
        for (int i = 0; i < 4; i++) {
            report.add(new Outcome(Status.Code.OK, i == 0 ? "127.0.0.1:8001" : "127.0.0.1:8002", "hello"), millis(1));
        }

        assertThat(report.toTable().lines())
                .contains(
                        "127.0.0.1:8001                 1   25.0 %  ##########",
                        "127.0.0.1:8002                 3   75.0 %  ##############################");
    }

    private static long millis(int millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
