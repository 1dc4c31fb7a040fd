package io.github.grpclb.bench;

import java.time.Duration;
import java.util.List;

/**
 * How long and how much is measured.
 *
 * @param pickSizes numbers of servers
 * @param threads numbers of threads that pick
 * @param updateSizes numbers of servers
 * @param warmUps of JMH
 * @param iterations of JMH
 * @param iteration the length of one
 * @param rounds how often calls are measured, and how often applications are started
 * @param round the length of one
 * @param fleets the numbers of servers that an application knows
 */
record Scale(
        List<Integer> pickSizes,
        List<Integer> threads,
        List<Integer> updateSizes,
        int warmUps,
        int iterations,
        Duration iteration,
        int rounds,
        Duration round,
        List<Integer> fleets) {

    static final Scale QUICK = new Scale(
            List.of(10, 10_000),
            List.of(2),
            List.of(10_000),
            1,
            2,
            Duration.ofMillis(200),
            5,
            Duration.ofMillis(600),
            List.of(1, 1_000));

    static final Scale FULL = new Scale(
            List.of(3, 10, 1_000, 10_000),
            List.of(1, 2),
            List.of(10, 100, 1_000, 10_000),
            3,
            5,
            Duration.ofMillis(300),
            15,
            Duration.ofSeconds(2),
            List.of(1, 1_000));
}
