package io.github.grpclb.sample.client;

import com.google.gson.Gson;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the command line asks for. {@link #USAGE} says what each option means.
 *
 * @param target what is dialled
 * @param xds host and port of the control plane
 * @param node what the client calls itself there
 * @param zone where the client says it is; empty where it does not
 * @param load which calls, and how many
 */
record XdsOptions(String target, String xds, String node, String zone, Load load) {

    static final String USAGE = """
            Calls a service through grpc-java's own xDS, with no class of grpc-lb, and shows who answered.

            where to
              --target=TARGET       what is dialled (default xds:///grpclb_test2)
              --xds=HOST:PORT       control plane, in plaintext (default 127.0.0.1:18000)
              --node=ID             what this client calls itself there (default sample-client-xds)
              --zone=NAME           where this client says that it is (default: it does not)
            """ + Load.RPC + "\n" + Load.HOW_MUCH + "\n" + Load.HOW + "\n" + Load.RESULT;

    private static final Set<String> VALUES = Set.of("target", "xds", "node", "zone");
    private static final Pattern HOST_AND_PORT = Pattern.compile("[^/\\s]+:\\d{1,5}");

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException if an option is unknown or its value out of range; the message says what was expected
     */
    static XdsOptions parse(String... args) {
        Set<String> values = new HashSet<>(VALUES);
        values.addAll(Load.VALUES);
        Arguments given = Arguments.parse(Load.FLAGS, values, false, args);
        String xds = given.text("xds").orElse("127.0.0.1:18000");
        if (!HOST_AND_PORT.matcher(xds).matches()) {
            throw new IllegalArgumentException("--xds=" + xds + " (expected: host:port)");
        }
        String target = given.text("target").orElse("xds:///grpclb_test2");
        if (!target.startsWith("xds:///") || target.equals("xds:///")) {
            throw new IllegalArgumentException("--target=" + target + " (expected: xds:///service)");
        }
        return new XdsOptions(
                target,
                xds,
                given.text("node").orElse("sample-client-xds"),
                given.text("zone").orElse(""),
                Load.of(given));
    }

    /** Returns what gRPC wants to know of the control plane: the text that is in a bootstrap file. */
    String bootstrap() {
        Map<String, Object> server = Map.of(
                "server_uri", xds,
                "channel_creds", List.of(Map.of("type", "insecure")),
                "server_features", List.of("xds_v3", "ignore_resource_deletion"));
        return new Gson()
                .toJson(Map.of(
                        "xds_servers",
                        List.of(server),
                        "node",
                        zone.isEmpty() ? Map.of("id", node) : Map.of("id", node, "locality", Map.of("zone", zone))));
    }
}
