package io.github.grpclb.sample.client;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.springframework.boot.convert.DurationStyle;

/**
 * What the command line asks for. {@link #USAGE} says what each option means.
 *
 * @param calls how many calls at most
 * @param rate calls per second, or 0: each caller calls again when its call has ended
 * @param duration for how long new calls are started
 * @param until no new call is started once this file is there
 * @param concurrency how many calls may be in flight at once
 * @param deadline of each call
 * @param waitForReady whether a call waits for a server instead of failing at once
 * @param rpc which method is called
 * @param serverId the server that every call must go to
 * @param header header that every call carries, as name and value
 * @param hashHeader header that carries the name of a user
 * @param users how many users take turns, where there is such a header
 * @param warmup how long after the connection the first call starts
 * @param quiet whether replies are not printed
 * @param json whether the result is one line of JSON instead of a table
 * @param profiles Spring profiles that hold the properties of some options
 */
record Options(
        long calls,
        int rate,
        Duration duration,
        Optional<Path> until,
        int concurrency,
        Duration deadline,
        boolean waitForReady,
        Rpc rpc,
        Optional<String> serverId,
        Optional<Map.Entry<String, String>> header,
        Optional<String> hashHeader,
        int users,
        Duration warmup,
        boolean quiet,
        boolean json,
        List<String> profiles) {

    /** Method that is called. */
    enum Rpc {
        SAY,
        HEALTH
    }

    static final String USAGE = """
            Calls a service through @GrpcClient and shows who answered.

            where to
              --service=NAME        service to call (default grpclb_test2)
              --policy=NAME         how a server is chosen (default round_robin)
              --server-id=ID        every call goes to the server of this id
              --header=NAME=VALUE   every call carries this header, such as x-version=v2
              --hash-header=NAME    header that carries a user's name, for --policy=consistent_hash
              --users=N             how many users take turns (default 100)
              --etcd=URL|embedded   etcd that knows the servers (default http://127.0.0.1:2379);
                                    embedded: this process holds one, at that address
              --static=HOST:PORT,…  these servers, no etcd
              --rpc=say|health      HelloService/Say (default), or grpc.health.v1.Health/Check, for any gRPC server

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

            how
              --deadline=TIME       of each call (default 10s)
              --wait-for-ready      wait for a server instead of failing at once
              --quiet               do not print the replies
              --json                end with one line of JSON instead of the table

            Any property of Spring can be given too, such as --grpc.lb.etcd.username=…
            per_server counts calls by the address that their connection went to, whatever their end.
            latency_ms covers all calls, from their planned start. Logs go to standard error.
            Exit code: 0, 1 when a call failed, 2 when the usage or the configuration is wrong.
            """;

    private static final Set<String> FLAGS = Set.of("wait-for-ready", "quiet", "json");
    private static final Set<String> VALUES = Set.of(
            "service",
            "policy",
            "server-id",
            "header",
            "hash-header",
            "users",
            "etcd",
            "static",
            "rpc",
            "calls",
            "duration",
            "until",
            "concurrency",
            "rate",
            "warmup",
            "deadline");

    private static final int MAX_IN_FLIGHT_BY_RATE = 10_000;

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException if an option is unknown or its value out of range; the message says what was expected
     */
    static Options parse(String... args) {
        Map<String, String> given = split(args);
        boolean timed = given.containsKey("duration");
        boolean unlimited = timed || given.containsKey("until");
        boolean paced = given.containsKey("rate");
        return new Options(
                unlimited && !given.containsKey("calls") ? Long.MAX_VALUE : number(given, "calls", 20),
                number(given, "rate", 0),
                timed ? time(given, "duration", Duration.ZERO) : Duration.ofDays(365),
                Optional.ofNullable(given.get("until")).map(Path::of),
                number(given, "concurrency", paced ? MAX_IN_FLIGHT_BY_RATE : 1),
                time(given, "deadline", Duration.ofSeconds(10)),
                given.containsKey("wait-for-ready"),
                rpc(given.getOrDefault("rpc", "say")),
                Optional.ofNullable(given.get("server-id")),
                header(given),
                Optional.ofNullable(given.get("hash-header")),
                number(given, "users", 100),
                time(given, "warmup", Duration.ofMillis(500)),
                given.containsKey("quiet"),
                given.containsKey("json"),
                profiles(given));
    }

    private static Map<String, String> split(String... args) {
        Map<String, String> given = new HashMap<>();
        for (String arg : args) {
            String[] option = arg.split("=", 2);
            String name = option[0].startsWith("--") ? option[0].substring(2) : "";
            if (FLAGS.contains(name) ? option.length == 2 : VALUES.contains(name) && option.length == 1) {
                throw new IllegalArgumentException(arg + " (expected: --" + name + (option.length == 1 ? "=…)" : ")"));
            }
            if (!FLAGS.contains(name) && !VALUES.contains(name) && !name.contains(".")) {
                throw new IllegalArgumentException("unknown option " + arg);
            }
            given.put(name, option.length == 1 ? "" : option[1]);
        }
        return given;
    }

    private static int number(Map<String, String> given, String name, int fallback) {
        String text = given.get(name);
        if (text == null) {
            return fallback;
        }
        try {
            int value = Integer.parseInt(text);
            if (value >= 1) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException("--" + name + "=" + text + " (expected: a whole number, 1 or more)");
    }

    private static Duration time(Map<String, String> given, String name, Duration fallback) {
        String text = given.get(name);
        if (text == null) {
            return fallback;
        }
        try {
            Duration value = DurationStyle.SIMPLE.parse(text);
            if (!value.isNegative()) {
                return value;
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        throw new IllegalArgumentException("--" + name + "=" + text + " (expected: a time such as 500ms, 30s or 2m)");
    }

    private static Optional<Map.Entry<String, String>> header(Map<String, String> given) {
        String text = given.get("header");
        if (text == null) {
            return Optional.empty();
        }
        String[] header = text.split("=", 2);
        if (header.length == 2 && !header[0].isEmpty()) {
            return Optional.of(Map.entry(header[0], header[1]));
        }
        throw new IllegalArgumentException("--header=" + text + " (expected: name=value)");
    }

    private static Rpc rpc(String text) {
        return switch (text) {
            case "say" -> Rpc.SAY;
            case "health" -> Rpc.HEALTH;
            default -> throw new IllegalArgumentException("--rpc=" + text + " (expected: say or health)");
        };
    }

    private static List<String> profiles(Map<String, String> given) {
        List<String> profiles = new ArrayList<>();
        if ("embedded".equals(given.get("etcd"))) {
            profiles.add("embedded-etcd");
        }
        if (given.containsKey("static")) {
            profiles.add("static");
        }
        return List.copyOf(profiles);
    }
}
