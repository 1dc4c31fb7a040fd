package io.github.grpclb.bench;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * How long and how much is measured.
 *
 * @param contenders those that pick
 * @param pickSizes among how many servers
 * @param threads by how many threads
 * @param updaters those that take lists
 * @param updateSizes of how many servers
 * @param warmUps of JMH
 * @param iterations of JMH
 * @param iteration the length of one
 * @param rounds how often calls are measured
 * @param round the length of one
 * @param starts how often an application is started
 */
record Scale(
        List<String> contenders,
        List<Integer> pickSizes,
        List<Integer> threads,
        List<String> updaters,
        List<Integer> updateSizes,
        int warmUps,
        int iterations,
        Duration iteration,
        int rounds,
        Duration round,
        int starts) {

    static final Scale QUICK = new Scale(
            Contenders.namesInGoals(),
            List.of(10, 10_000),
            List.of(2),
            List.of(Contenders.GRPC_ROUND_ROBIN, "round_robin", "weighted_random", "weighted_round_robin"),
            List.of(10_000),
            3,
            3,
            Duration.ofMillis(150),
            5,
            Duration.ofMillis(600),
            1);

    static final Scale FULL = new Scale(
            Contenders.names(),
            List.of(3, 10, 1_000, 10_000),
            List.of(1, 2),
            Stream.concat(Stream.of(Contenders.GRPC_ROUND_ROBIN), OurContenders.names())
                    .toList(),
            List.of(10, 100, 1_000, 10_000),
            3,
            4,
            Duration.ofMillis(250),
            15,
            Duration.ofSeconds(2),
            7);
}
