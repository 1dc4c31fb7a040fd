package io.github.grpclb.sample.client;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * Which calls are made, how many, and how they are told of: what the sample clients have in common. {@link #HOW_MUCH} and {@link #HOW}
 * say what each option means.
 *
 * @param calls how many calls at most
 * @param rate calls per second, or 0: each caller calls again when its call has ended
 * @param duration for how long new calls are started
 * @param until no new call is started once this file is there
 * @param concurrency how many calls may be in flight at once
 * @param deadline of each call
 * @param waitForReady whether a call waits for a server instead of failing at once
 * @param rpc which method is called
 * @param warmup how long after the connection the first call starts
 * @param quiet whether replies are not printed
 * @param json whether the result is one line of JSON instead of a table
 */
record Load(
        long calls,
        int rate,
        Duration duration,
        Optional<Path> until,
        int concurrency,
        Duration deadline,
        boolean waitForReady,
        Rpc rpc,
        Duration warmup,
        boolean quiet,
        boolean json) {

    /** Method that is called. */
    enum Rpc {
        SAY,
        HEALTH
    }

    static final String RPC = """
              --rpc=say|health      HelloService/Say (default), or grpc.health.v1.Health/Check, for any gRPC server
            """;

    static final String HOW_MUCH = """
            how much
              --calls=N             calls in all (default 20; without limit when there is a --duration)
              --duration=TIME       how long new calls are started, such as 30s
              --until=FILE          no new call is started once this file is there; without a limit of calls, as --duration
              --concurrency=N       calls in flight at most (default 1; 10000 with --rate)
              --rate=N              calls started per second, by plan: when the limit of --concurrency delays a call, or the
                                    client itself is late, the delay counts as latency. Without it, a call starts when
                                    another has ended
              --warmup=TIME         before the first call, wait for a server (5s at most, by a call that does not count), and
                                    then so long for the other connections (default 500ms; 0ms: neither)
            """;

    static final String HOW = """
            how
              --deadline=TIME       of each call (default 10s)
              --wait-for-ready      wait for a server instead of failing at once
              --quiet               do not print the replies
              --json                end with one line of JSON instead of the table
            """;

    static final String RESULT = """
            per_server counts calls by the address that their connection went to, whatever their end.
            latency_ms covers all calls, from their planned start. Logs go to standard error.
            Exit code: 0, 1 when a call failed, 2 when the usage or the configuration is wrong.
            """;

    static final Set<String> FLAGS = Set.of("wait-for-ready", "quiet", "json");
    static final Set<String> VALUES =
            Set.of("rpc", "calls", "duration", "until", "concurrency", "rate", "warmup", "deadline");

    private static final int MAX_IN_FLIGHT_BY_RATE = 10_000;

    /**
     * Reads these options of a command line.
     *
     * @throws IllegalArgumentException if a value is out of range; the message says what was expected
     */
    static Load of(Arguments given) {
        boolean timed = given.has("duration");
        boolean unlimited = timed || given.has("until");
        return new Load(
                unlimited && !given.has("calls") ? Long.MAX_VALUE : given.number("calls", 20),
                given.number("rate", 0),
                timed ? given.time("duration", Duration.ZERO) : Duration.ofDays(365),
                given.text("until").map(Path::of),
                given.number("concurrency", given.has("rate") ? MAX_IN_FLIGHT_BY_RATE : 1),
                given.time("deadline", Duration.ofSeconds(10)),
                given.has("wait-for-ready"),
                rpc(given.text("rpc").orElse("say")),
                given.time("warmup", Duration.ofMillis(500)),
                given.has("quiet"),
                given.has("json"));
    }

    private static Rpc rpc(String text) {
        return switch (text) {
            case "say" -> Rpc.SAY;
            case "health" -> Rpc.HEALTH;
            default -> throw new IllegalArgumentException("--rpc=" + text + " (expected: say or health)");
        };
    }
}
