package io.github.grpclb.xds.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LoadSumsTest {

    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final FakeClock clock = new FakeClock();
    private final LoadSums sums = new LoadSums(INTERVAL, new RegistryLoop(clock, clock::nanoTime, new Random(1)));

    @Test
    void addsUpWhatAllClientsReportInAnInterval() {
        sums.add(new ClusterLoad(
                "b",
                "version=v2",
                Duration.ofSeconds(11),
                1,
                List.of(locality("s1", 10, Map.of("m", new MetricSum(2, 0.5))), locality("s2", 20, Map.of()))));
        clock.forward(Duration.ofSeconds(9));
        sums.add(new ClusterLoad("b", null, Duration.ZERO, 0, List.of()));
        sums.add(new ClusterLoad("a", null, Duration.ZERO, 0, List.of()));
        sums.add(new ClusterLoad(
                "b",
                "version=v2",
                Duration.ofSeconds(10),
                2,
                List.of(locality("s1", 100, Map.of("m", new MetricSum(1, 0.25), "n", new MetricSum(1, -1))))));
        assertThat(sums.last()).isEmpty();
        clock.forward(Duration.ofSeconds(1));
        assertThat(sums.last())
                .containsExactly(
                        new ClusterLoad("a", null, Duration.ZERO, 0, List.of()),
                        new ClusterLoad("b", null, Duration.ZERO, 0, List.of()),
                        new ClusterLoad(
                                "b",
                                "version=v2",
                                Duration.ofSeconds(11),
                                3,
                                List.of(
                                        new LocalityLoad(
                                                null,
                                                "s1",
                                                110,
                                                110,
                                                2,
                                                4,
                                                Map.of("m", new MetricSum(3, 0.75), "n", new MetricSum(1, -1))),
                                        locality("s2", 20, Map.of()))));
    }

    @Test
    void beginsAnewWithEachInterval() {
        sums.add(of(locality("s1", 1, Map.of())));
        clock.forward(INTERVAL);
        sums.add(of(locality("s1", 5, Map.of())));
        clock.forward(INTERVAL);
        assertThat(sums.last()).containsExactly(of(locality("s1", 5, Map.of())));
    }

    @Test
    void hasNothingAfterAnIntervalWithoutReports() {
        sums.add(of(locality("s1", 1, Map.of())));
        clock.forward(INTERVAL);
        assertThat(sums.last()).isNotEmpty();
        clock.forward(INTERVAL);
        assertThat(sums.last()).isEmpty();
        clock.forward(INTERVAL.multipliedBy(10));
        sums.add(of(locality("s1", 2, Map.of())));
        clock.forward(INTERVAL);
        assertThat(sums.last()).containsExactly(of(locality("s1", 2, Map.of())));
    }

    @Test
    void forgetsAllAtTheEnd() {
        sums.add(of(locality("s1", 1, Map.of())));
        clock.forward(INTERVAL);
        sums.add(of(locality("s1", 1, Map.of())));
        sums.close();
        assertThat(sums.last()).isEmpty();
        clock.forward(INTERVAL);
        assertThat(sums.last()).isEmpty();
    }

    @Test
    void growsNoFurtherThanItsLimitAndLosesNoCall() {
        List<LocalityLoad> many = new ArrayList<>();
        for (int i = 0; i < LoadSums.MOST_ENTRIES / 2; i++) {
            many.add(locality("s" + i, 1, Map.of("m", new MetricSum(1, 1))));
        }
        sums.add(new ClusterLoad("a", null, Duration.ZERO, 0, many));
        LocalityLoad known = locality("s0", 1, Map.of("m", new MetricSum(1, 1), "n", new MetricSum(1, 1)));
        sums.add(new ClusterLoad(
                "a",
                null,
                Duration.ZERO,
                0,
                List.of(known, locality("x", 10, Map.of("m", new MetricSum(1, 1))), locality("y", 20, Map.of()))));
        clock.forward(INTERVAL);
        List<LocalityLoad> localities = sums.last().get(0).localities();
        assertThat(localities)
                .hasSize(LoadSums.MOST_ENTRIES / 2 + 1)
                .contains(
                        new LocalityLoad(null, "s0", 2, 2, 2, 4, Map.of("m", new MetricSum(2, 2))),
                        new LocalityLoad(null, null, 30, 30, 2, 4, Map.of()));
    }

    @Test
    void countsNoFurtherThanALongDoes() {
        MetricSum largest = new MetricSum(Long.MAX_VALUE, Double.MAX_VALUE);
        ClusterLoad load = new ClusterLoad(
                "a",
                null,
                Duration.ZERO,
                Long.MAX_VALUE,
                List.of(new LocalityLoad(
                        null,
                        null,
                        Long.MAX_VALUE,
                        Long.MAX_VALUE,
                        Long.MAX_VALUE,
                        Long.MAX_VALUE,
                        Map.of("m", largest))));
        sums.add(load);
        sums.add(load);
        clock.forward(INTERVAL);
        assertThat(sums.last()).containsExactly(load);
    }

    private static ClusterLoad of(LocalityLoad locality) {
        return new ClusterLoad("a", null, Duration.ZERO, 0, List.of(locality));
    }

    /** Returns calls of which 1 failed, and 2 have not ended. */
    private static LocalityLoad locality(@Nullable String address, long succeeded, Map<String, MetricSum> metrics) {
        return new LocalityLoad(null, address, succeeded, succeeded, 1, 2, metrics);
    }
}
