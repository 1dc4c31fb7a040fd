package io.github.grpclb.etcd.client;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;

@ExtendWith(CapturedLog.Extension.class)
class ReachabilityTest {

    private static final EtcdException REFUSED =
            new EtcdException(EtcdException.Kind.UNREACHABLE, "etcd unreachable: Connection refused");

    private final FakeClock scheduler = new FakeClock();
    private final Reachability reachability =
            new Reachability(new EtcdLoop(scheduler, scheduler::nanoTime, new Random(7)), "http://etcd:2379");
    private final Logger logger = (Logger) LoggerFactory.getLogger(Reachability.class);
    private CapturedLog log;

    @BeforeEach
    void listen(CapturedLog log) {
        this.log = log;
        logger.setLevel(Level.INFO);
    }

    @AfterEach
    void stopListening() {
        logger.setLevel(null);
    }

    @Test
    void saysOnceThatItIsLostRemindsAndSaysThatItIsBack() {
        fail(Duration.ofSeconds(70));
        assertThat(lines(Level.WARN))
                .hasSize(3)
                .first()
                .asString()
                .contains("etcd unreachable: Connection refused", "http://etcd:2379");
        assertThat(reachability.cause()).isEqualTo(REFUSED.getMessage());
        reachability.succeeded();
        reachability.succeeded();
        assertThat(lines(Level.INFO)).singleElement().asString().startsWith("etcd is back after 70 s");
        assertThat(reachability.cause()).isNull();
    }

    @Test
    void aFlappingLineMakesNoStorm() {
        for (int i = 0; i < 200; i++) {
            fail(Duration.ofMillis(200));
            reachability.succeeded();
        }
        assertThat(lines(Level.WARN)).hasSizeLessThanOrEqualTo(5);
        assertThat(lines(Level.INFO)).hasSameSizeAs(lines(Level.WARN));
    }

    @Test
    void knowsHowOldTheLastAnswerIs() {
        assertThat(reachability.sinceAnswer()).isNull();
        reachability.succeeded();
        fail(Duration.ofSeconds(3));
        assertThat(reachability.sinceAnswer()).isEqualTo(Duration.ofSeconds(3));
        reachability.succeeded();
        assertThat(reachability.sinceAnswer()).isZero();
    }

    @Test
    void pointsOnceToTheEmbeddedEtcdWhereNoneEverAnswered() {
        fail(Duration.ofSeconds(70));
        assertThat(lines(Level.WARN))
                .filteredOn(line -> line.contains("grpc.lb.etcd.embedded.enabled"))
                .hasSize(1);
    }

    @Test
    void pointsToNoEmbeddedEtcdWhereOneAnswered() {
        reachability.succeeded();
        fail(Duration.ofSeconds(70));
        assertThat(lines(Level.WARN)).hasSize(3).noneMatch(line -> line.contains("embedded"));
    }

    private void fail(Duration time) {
        long end = scheduler.nanoTime() + time.toNanos();
        while (scheduler.nanoTime() < end) {
            reachability.failed(REFUSED);
            scheduler.forward(Duration.ofMillis(100));
        }
    }

    private List<String> lines(Level level) {
        String start = level + " " + logger.getName() + " - ";
        return log.toString()
                .lines()
                .filter(line -> line.startsWith(start))
                .map(line -> line.substring(start.length()))
                .toList();
    }
}
