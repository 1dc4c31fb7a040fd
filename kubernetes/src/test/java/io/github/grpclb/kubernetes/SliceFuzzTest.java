package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.fuzz.FuzzRun;
import io.github.grpclb.fuzz.Hostile;
import io.github.grpclb.testing.FakeClock;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.Test;

/** Whatever an API server sends, or who stands in its way: it is read in full, or refused in the one way there is. */
@AddLifecycleHook(FuzzRun.class)
class SliceFuzzTest {

    private static final List<String> NAMES = List.of(
            "type",
            "object",
            "metadata",
            "name",
            "resourceVersion",
            "continue",
            "items",
            "addressType",
            "endpoints",
            "addresses",
            "conditions",
            "ready",
            "serving",
            "terminating",
            "targetRef",
            "kind",
            "namespace",
            "hostname",
            "nodeName",
            "zone",
            "ports",
            "port",
            "protocol",
            "code",
            "message",
            "details",
            "retryAfterSeconds");

    @Provide
    Arbitrary<String> texts() {
        return Hostile.inputs(SliceFuzzTest::text);
    }

    @Property
    void readsInFullOrRefuses(@ForAll("texts") String text) {
        try {
            assertThat(SliceJson.event(text)).isNotNull();
        } catch (MalformedAnswerException e) {
            requireOneLine(e.getMessage());
        }
        try {
            SliceJson.page(text).unreadable().forEach(SliceFuzzTest::requireOneLine);
        } catch (MalformedAnswerException e) {
            requireOneLine(e.getMessage());
        }
        requireOneLine(ApiFailure.of(SliceJson.error(503, text, null)).message());
    }

    @Provide
    Arbitrary<List<String>> histories() {
        return Hostile.inputs(hostile -> hostile.list(8, () -> event(hostile)));
    }

    @Property
    void listsWhatIsAllowedAlone(@ForAll("histories") List<String> history) {
        FakeClock clock = new FakeClock();
        SliceTable table = new SliceTable(
                "greeter:9090",
                new ServiceTarget("shop", "greeter", "9090"),
                new KubernetesLoop(clock, clock::nanoTime, new Random(1)),
                new AddressRules(List.of(), List.of(), false),
                RegistryObserver.NONE,
                endpoint -> {},
                false);
        for (String line : history) {
            try {
                SliceJson.Event event = SliceJson.event(line);
                if (event instanceof SliceJson.Event.Put put) {
                    table.put(put.slice());
                } else if (event instanceof SliceJson.Event.Delete deleted) {
                    table.remove(deleted.name());
                }
            } catch (MalformedAnswerException e) {
                requireOneLine(e.getMessage());
            }
            table.problem();
            requireAllowed(table.listed());
        }
    }

    @Test
    void takesTheFixedSeed() {
        Hostile.replay(SliceFuzzTest::text, 500, this::readsInFullOrRefuses);
        Hostile.replay(hostile -> hostile.list(8, () -> event(hostile)), 500, this::listsWhatIsAllowedAlone);
    }

    private static void requireAllowed(List<Endpoint> endpoints) {
        assertThat(endpoints).extracting(Endpoint::address).doesNotHaveDuplicates();
        assertThat(endpoints).isSortedAccordingTo(Comparator.comparing(Endpoint::key));
        for (Endpoint endpoint : endpoints) {
            if (!SliceHost.typeOf(endpoint.host()).equals("FQDN")) {
                assertThat(literal(endpoint.host()).isLoopbackAddress()).isFalse();
                assertThat(literal(endpoint.host()).isLinkLocalAddress()).isFalse();
                assertThat(literal(endpoint.host()).isAnyLocalAddress()).isFalse();
            } else {
                assertThat(endpoint.host()).matches("[-a-z0-9.]{1,253}").doesNotMatch("(.*\\.)?[0-9]+");
            }
        }
    }

    private static InetAddress literal(String host) {
        try {
            return InetAddress.getByName(host.indexOf(':') >= 0 ? "[" + host + "]" : host);
        } catch (UnknownHostException e) {
            throw new AssertionError(host, e);
        }
    }

    private static void requireOneLine(String message) {
        assertThat(message).doesNotContain("\n", "\r", "\u0000", "\u2028").hasSizeLessThan(2_000);
    }

    private static String text(Hostile hostile) {
        return switch (hostile.between(0, 5)) {
            case 0 -> hostile.text();
            case 1 -> hostile.json(NAMES);
            case 2 -> hostile.object(NAMES);
            case 3 ->
                "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[" + slice(hostile) + "," + slice(hostile) + "]}";
            default -> event(hostile);
        };
    }

    private static String event(Hostile hostile) {
        String type = hostile.of("ADDED", "ADDED", "MODIFIED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "OTHER");
        return "{\"type\":\"" + type + "\",\"object\":" + slice(hostile) + "}";
    }

    private static String slice(Hostile hostile) {
        if (hostile.oneIn(20)) {
            return hostile.object(NAMES);
        }
        return "{\"metadata\":{\"name\":" + or(hostile, "\"" + hostile.of("a", "b", "c") + "\"")
                + ",\"resourceVersion\":" + or(hostile, "\"7\"")
                + "},\"addressType\":" + or(hostile, "\"" + hostile.of("IPv4", "IPv6", "FQDN") + "\"")
                + ",\"ports\":" + or(hostile, "[" + String.join(",", hostile.list(3, () -> port(hostile))) + "]")
                + ",\"endpoints\":"
                + or(hostile, "[" + String.join(",", hostile.list(4, () -> endpoint(hostile))) + "]")
                + "}";
    }

    private static String port(Hostile hostile) {
        return "{\"name\":" + or(hostile, "\"grpc\"") + ",\"port\":" + or(hostile, "9090") + ",\"protocol\":"
                + or(hostile, "\"TCP\"") + "}";
    }

    private static String endpoint(Hostile hostile) {
        String address = hostile.of(
                "10.0.0." + hostile.between(-1, 260),
                "127.0.0.1",
                "::ffff:127.0.0.1",
                "::1",
                "fd00::" + hostile.between(0, 9),
                "fe80::1",
                "h.example",
                "127.1",
                "0x7f.1",
                "169.254.169.254");
        return "{\"addresses\":[" + or(hostile, "\"" + address + "\"") + "],\"conditions\":"
                + or(
                        hostile,
                        "{\"ready\":" + hostile.of("true", "false", "null") + ",\"serving\":"
                                + hostile.of("true", "false", "null") + ",\"terminating\":"
                                + hostile.of("true", "false", "null") + "}")
                + ",\"targetRef\":"
                + or(hostile, "{\"kind\":\"Pod\",\"name\":\"p" + hostile.between(0, 5) + "\"}")
                + ",\"zone\":" + or(hostile, "\"z\"") + "}";
    }

    private static String or(Hostile hostile, String good) {
        return hostile.oneIn(25) ? hostile.json(NAMES) : good;
    }
}
