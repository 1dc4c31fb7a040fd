package io.github.grpclb.sample.client;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the command line asks for. {@link #USAGE} says what each option means.
 *
 * @param load which calls, and how many
 * @param serverId the server that every call must go to
 * @param header header that every call carries, as name and value
 * @param hashHeader header that carries the name of a user
 * @param users how many users take turns, where there is such a header
 * @param profiles Spring profiles that hold the properties of some options
 */
record Options(
        Load load,
        Optional<String> serverId,
        Optional<Map.Entry<String, String>> header,
        Optional<String> hashHeader,
        int users,
        List<String> profiles) {

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
            """ + Load.RPC + "\n" + Load.HOW_MUCH + "\n" + Load.HOW + """

            Any property of Spring can be given too, such as --grpc.lb.etcd.username=…
            """ + Load.RESULT;

    private static final Set<String> VALUES =
            Set.of("service", "policy", "server-id", "header", "hash-header", "users", "etcd", "static");

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException if an option is unknown or its value out of range; the message says what was expected
     */
    static Options parse(String... args) {
        Set<String> values = new HashSet<>(VALUES);
        values.addAll(Load.VALUES);
        Arguments given = Arguments.parse(Load.FLAGS, values, true, args);
        return new Options(
                Load.of(given),
                given.text("server-id"),
                given.text("header").map(Options::header),
                given.text("hash-header"),
                given.number("users", 100),
                profiles(given));
    }

    private static Map.Entry<String, String> header(String text) {
        String[] header = text.split("=", 2);
        if (header.length == 2 && !header[0].isEmpty()) {
            return Map.entry(header[0], header[1]);
        }
        throw new IllegalArgumentException("--header=" + text + " (expected: name=value)");
    }

    private static List<String> profiles(Arguments given) {
        List<String> profiles = new ArrayList<>();
        if (given.text("etcd").filter("embedded"::equals).isPresent()) {
            profiles.add("embedded-etcd");
        }
        if (given.has("static")) {
            profiles.add("static");
        }
        return List.copyOf(profiles);
    }
}
