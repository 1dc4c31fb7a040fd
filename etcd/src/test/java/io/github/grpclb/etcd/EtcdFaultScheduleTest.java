package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.github.grpclb.testing.FaultRow;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * Loops under random faults, reproducible by their seed: what they promise holds meanwhile, and all is well soon after. {@code
 * -Dgrpclb.schedules=100000} runs more of them, {@code -Dgrpclb.schedule.seed=42} that one.
 */
class EtcdFaultScheduleTest {

    private static final int SCHEDULES = Integer.getInteger("grpclb.schedules", 10_000);

    /** {@code bin/chaos} runs others each time. */
    private static final long FIRST = Long.getLong("chaos.seed", 0);

    /** So many find a loop that is broken: most need a few, one that trusts silence or a listener about a hundred. */
    private static final int ENOUGH = 1000;

    private static final Logger LOGGER = (Logger) LoggerFactory.getLogger("io.github.grpclb");

    @BeforeAll
    static void beSilent() {
        LOGGER.setLevel(Level.OFF);
    }

    @AfterAll
    static void speakAgain() {
        LOGGER.setLevel(null);
    }

    @Test
    @FaultRow({3, 4, 5, 6, 8, 14, 15, 16, 17, 19, 30})
    void noFaultBreaksWhatIsPromised() {
        Long only = Long.getLong("grpclb.schedule.seed");
        if (only != null) {
            FaultSchedule.run(only, Sabotage.NONE);
            return;
        }
        LongStream.range(FIRST, FIRST + SCHEDULES).parallel().forEach(seed -> FaultSchedule.run(seed, Sabotage.NONE));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void aBrokenLoopIsCaught(Sabotage sabotage) {
        assertThat(LongStream.range(0, ENOUGH).anyMatch(seed -> isCaught(seed, sabotage)))
                .as("%s, caught by one of %d schedules", sabotage, ENOUGH)
                .isTrue();
    }

    @Test
    void aViolationNamesItsSeedAndTimeAndWhatHappenedBefore() {
        assertThat(LongStream.range(0, ENOUGH)
                        .mapToObj(seed -> message(seed, Sabotage.LEASE_NEVER_REPLACED))
                        .filter(message -> message.contains("etcd is "))
                        .findFirst())
                .get()
                .asString()
                .matches("(?s)seed \\d+, +\\d+\\.\\d{3} s I3: .*\\n +\\d+\\.\\d{3} s etcd is .*VIOLATED I3.*");
    }

    private static boolean isCaught(long seed, Sabotage sabotage) {
        return !message(seed, sabotage).isEmpty();
    }

    private static String message(long seed, Sabotage sabotage) {
        try {
            FaultSchedule.run(seed, sabotage);
            return "";
        } catch (FaultSchedule.Violation e) {
            return e.getMessage();
        }
    }
}
