package io.github.grpclb.etcd.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.FaultRow;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@FaultRow({44, 45, 46, 47})
class EndpointCodecTest {

    /** As many as fit into a value that is read at all. */
    private static final int DIGITS = 65_000;

    private final EndpointCodec codec = new EndpointCodec(new KeySpace("/grpclb/"));
    private final List<MalformedRecordException> leftOut = new ArrayList<>();

    static Stream<List<String>> records() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                EndpointCodecTest.class.getResourceAsStream("/interop/records.tsv"), StandardCharsets.UTF_8))) {
            return reader
                    .lines()
                    .filter(line -> !line.startsWith("#") && !line.isBlank())
                    .map(line -> List.of(line.split("\t")))
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("records")
    void readsWhatOthersWrite(List<String> row) throws Exception {
        String service = row.get(0);
        KeyValue record = record("/grpclb/" + row.get(1), row.get(2));
        if (row.get(3).startsWith("skip")) {
            assertThatThrownBy(() -> codec.decode(service, record, leftOut::add))
                    .isInstanceOf(MalformedRecordException.class);
            return;
        }
        String[] expected = row.get(3).split("\\|");
        Endpoint endpoint = codec.decode(service, record, leftOut::add);
        assertThat(endpoint.address()).isEqualTo(expected[0]);
        assertThat(endpoint.id()).isEqualTo(expected[1].equals("-") ? null : expected[1]);
        assertThat(endpoint.weight()).isEqualTo(Integer.parseInt(expected[2]));
        assertThat(endpoint.key()).isEqualTo(record.key());
        assertThat(endpoint.createRevision()).isEqualTo(record.createRevision());
    }

    @Test
    void writesWhatGoWrites() {
        Endpoint endpoint = Endpoint.builder("svc", "10.0.0.1", 8080)
                .id("s1")
                .startedAt(1763600000000L)
                .weight(5)
                .zone("z1")
                .build();
        assertThat(codec.encode(endpoint).toStringUtf8())
                .isEqualTo("{\"Op\":0,\"Addr\":\"10.0.0.1:8080\",\"Metadata\":"
                        + "{\"id\":\"s1\",\"startedAt\":1763600000000,\"state\":\"up\",\"weight\":5,\"zone\":\"z1\"}}");
    }

    @Test
    void escapesAndSortsAsGoDoes() {
        Endpoint endpoint = Endpoint.builder("svc", "::1", 1)
                .state(Endpoint.State.DRAINING)
                .metadata(Map.of(
                        "html",
                        "<a href=\"x\">&</a>",
                        "ctl",
                        "\u0001\b\f\n\r\t\u007f\\",
                        "sep",
                        "\u2028\u2029",
                        "\ud83d\ude00",
                        "emoji",
                        "\uff5e",
                        "bmp",
                        "lone",
                        "\ud800x"))
                .build();
        assertThat(codec.encode(endpoint).toStringUtf8())
                .isEqualTo("{\"Op\":0,\"Addr\":\"[::1]:1\",\"Metadata\":{"
                        + "\"ctl\":\"\\u0001\\b\\f\\n\\r\\t\u007f\\\\\","
                        + "\"html\":\"\\u003ca href=\\\"x\\\"\\u003e\\u0026\\u003c/a\\u003e\","
                        + "\"lone\":\"\\ufffdx\","
                        + "\"sep\":\"\\u2028\\u2029\","
                        + "\"state\":\"draining\",\"weight\":1,"
                        + "\"\uff5e\":\"bmp\",\"\ud83d\ude00\":\"emoji\"}}");
    }

    @Test
    void readsBackWhatItWrote() throws Exception {
        Endpoint endpoint = Endpoint.builder("com.acme/orders", "fd00::1", 443)
                .id("a\"<b>")
                .startedAt(7)
                .weight(Endpoint.MAX_WEIGHT)
                .state(Endpoint.State.DRAINING)
                .zone("z")
                .version("v2")
                .metadata(Map.of("own", "thing", "empty", ""))
                .key("/grpclb/com.acme/orders/[fd00::1]:443")
                .createRevision(3)
                .build();
        KeyValue record = new KeyValue(endpoint.key(), codec.encode(endpoint), 3, 9, 0);
        assertThat(codec.decode("com.acme/orders", record)).isEqualTo(endpoint);
    }

    @Test
    void refusesToWriteWhatOperatorsAloneDecide() {
        Endpoint disabled = Endpoint.builder("svc", "10.0.0.1", 1)
                .state(Endpoint.State.DISABLED)
                .build();
        assertThatThrownBy(() -> codec.encode(disabled)).hasMessage("state: DISABLED (expected: UP or DRAINING)");
    }

    @Test
    void refusesToWriteOwnMetadataUnderAReservedName() {
        Endpoint endpoint =
                Endpoint.builder("svc", "h", 1).metadata(Map.of("weight", "7")).build();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.encode(endpoint))
                .withMessageContaining("'weight'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0:80",
                "0.1.2.3:80",
                "[::]:80",
                "224.0.0.1:80",
                "[ff02::1]:80",
                "255.255.255.255:80",
                "169.254.169.254:80",
                "[fe80::1]:80",
                "[fe80::1%eth0]:80",
                "[::ffff:169.254.169.254]:80",
                "127.1:80",
                "2130706433:80",
                "0xa9fea9fe:80",
                "0xA9.0xFE.169.0XFE:80",
                "127.0.0.0x1:80",
                "10.0.0.1:0",
                "10.0.0.1:65536",
                "10.0.0.1:-1",
                "10.0.0.1:1e3",
                "10.0.0.1:",
                ":80",
                "a b:80",
                "user@host:80",
                "host/x:80",
                "-host:80",
                "host.:80",
                "::1:80",
                "h\u0000st:80",
                "10.0.0.1\r\nX: y:80",
                "10.0.0.1\n:80",
                "10.0.0.1:80\n",
                "[64:ff9b::a9fe:a9fe]:80",
                "\u0661.2.3.4:80"
            })
    void refusesAddressesThatNameNoMachine(String address) {
        assertThatThrownBy(() -> HostPort.parse(address)).isInstanceOf(MalformedRecordException.class);
    }

    @Test
    void refusesLongHostNames() {
        assertThatThrownBy(() -> HostPort.parse("a.".repeat(200) + "b:80"))
                .isInstanceOf(MalformedRecordException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[]",
                "\"10.0.0.1:1\"",
                "\ufeff{\"Addr\":\"10.0.0.1:1\"}",
                "{\"Addr\":\"10.0.0.1:1\"} x",
                "{\"Addr\":\"10.0.0.1:1\",\"Addr\":\"10.0.0.2:1\"}",
                "{\"Addr\":\"10.0.0.1:1\",\"addr\":\"10.0.0.2:1\"}",
                "{'Addr':\"10.0.0.1:1\"}",
                "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"weight\":1.5}}",
                "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"weight\":1000001}}",
                "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"weight\":1e999999999}}",
                "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"weight\":\"heavy\"}}",
                "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"state\":\"gone\"}}",
                "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"startedAt\":-1}}",
                "{\"endpoints\":[\"http://10.0.0.1:1\"]}",
                "99999999999999999999"
            })
    void refusesWhatIsNoRecord(String value) {
        assertThatThrownBy(() -> codec.decode("svc", record("/grpclb/svc/10.0.0.9:9", value)))
                .isInstanceOf(MalformedRecordException.class);
    }

    @Test
    void boundsSizeDepthAndNumbersBeforeTheyCost() {
        String huge = "{\"Addr\":\"10.0.0.1:1\",\"x\":\"" + "y".repeat(1_400_000) + "\"}";
        String deep = "{\"Addr\":\"10.0.0.1:1\",\"x\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}";
        String digits = "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"weight\":" + "9".repeat(DIGITS) + "}}";
        StringBuilder many = new StringBuilder("{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"a\":1");
        for (int i = 0; i < 10_000; i++) {
            many.append(",\"n").append(i).append("\":1");
        }
        String few = many.substring(0, 60_000);
        String entries = few.substring(0, few.lastIndexOf(',')) + "}}";
        for (String value : List.of(huge, deep, digits, many + "}}", entries)) {
            assertThatThrownBy(() -> codec.decode("svc", record("/grpclb/svc/x", value)))
                    .isInstanceOf(MalformedRecordException.class)
                    .extracting(e -> e.getMessage().length())
                    .satisfies(length -> assertThat((int) length).isLessThan(600));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"id\":\"%s\",\"endpoints\":[\"grpc://10.0.0.1:1\"]}",
                "{\"version\":\"%s\",\"endpoints\":[\"grpc://10.0.0.1:1\"]}",
                "{\"metadata\":{\"a\":\"%s\"},\"endpoints\":[\"grpc://10.0.0.1:1\"]}",
                "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":\"%s\"}",
                "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"zone\":\"%s\"}}"
            })
    void takesTextsUpTo4096Characters(String value) throws Exception {
        String longest = "x".repeat(4096);
        Endpoint endpoint = codec.decode("svc", record("/grpclb/svc/10.0.0.1:1", value.formatted(longest)));
        assertThat(codec.canonical(endpoint))
                .isEqualTo(endpoint.toBuilder().createRevision(0).build());
        assertThatThrownBy(() -> codec.decode("svc", record("/grpclb/svc/10.0.0.1:1", value.formatted(longest + "x"))))
                .isInstanceOf(MalformedRecordException.class)
                .hasMessageContaining("a text of at most 4096 characters");
    }

    /** Beside which the record has its own: what can be read can be written and read again. */
    @Test
    void takes64EntriesOfMetadata() throws Exception {
        Map<String, String> metadata = new HashMap<>();
        for (int i = 0; i < 64; i++) {
            metadata.put("n" + i, "1");
        }
        Endpoint endpoint = Endpoint.builder("svc", "10.0.0.1", 1)
                .id("a")
                .version("1")
                .metadata(metadata)
                .build();
        assertThat(codec.canonical(endpoint).metadata()).isEqualTo(metadata);
        metadata.put("n64", "1");
        Endpoint larger = endpoint.toBuilder().metadata(metadata).build();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.canonical(larger))
                .withMessage("metadata: '65' (expected: at most 64 entries)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"Op\":0,\"Addr\":\"10.0.0.1:1\",\"Metadata\":{%s}}",
                "{\"name\":\"svc\",\"metadata\":{%s},\"endpoints\":[\"http://h:1\",\"grpc://10.0.0.1:1\"]}"
            })
    void leavesOutWhatItCannotReadAndTakesTheRest(String shape) throws Exception {
        String hints = "\"state\":\"running\",\"weight\":\"heavy\",\"startedAt\":\"2026-01-02T03:04:05Z\",\"zone\":\""
                + "z".repeat(5000) + "\",\"long\":\"" + "x".repeat(5000) + "\",\"" + "n".repeat(200)
                + "\":1,\"version\":\"v2\",\"own\":true";
        Endpoint endpoint = codec.decode("svc", record("/grpclb/svc/x", shape.formatted(hints)), leftOut::add);
        assertThat(endpoint)
                .isEqualTo(Endpoint.builder("svc", "10.0.0.1", 1)
                        .version("v2")
                        .metadata(Map.of("own", "true"))
                        .key("/grpclb/svc/x")
                        .createRevision(7)
                        .build());
        assertThat(leftOut)
                .extracting(Throwable::getMessage)
                .hasSize(6)
                .contains(
                        "startedAt: '2026-01-02T03:04:05Z' (expected: an integer from 0 to 9223372036854775807)",
                        "state: 'running' (expected: up or draining)",
                        "weight: 'heavy' (expected: an integer from 0 to 1000000)");
    }

    @Test
    void ofTooManyEntriesItTakes64InTheOrderOfTheirNames() throws Exception {
        String entries =
                IntStream.range(10, 80).mapToObj(i -> "\"n" + i + "\":1").collect(Collectors.joining(","));
        Endpoint endpoint = codec.decode(
                "svc",
                record("/grpclb/svc/x", "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"weight\":7," + entries + "}}"),
                leftOut::add);
        assertThat(endpoint.weight()).isEqualTo(7);
        assertThat(endpoint.metadata()).hasSize(64).containsKeys("n10", "n73").doesNotContainKey("n74");
        assertThat(leftOut)
                .extracting(Throwable::getMessage)
                .containsExactly("metadata: '70' (expected: at most 64 entries)");
        assertThat(codec.canonical(endpoint))
                .isEqualTo(endpoint.toBuilder()
                        .key("/grpclb/svc/10.0.0.1:1")
                        .createRevision(0)
                        .build());
    }

    /** What is no foreign word but a hostile one: before it costs, and whatever else there is. */
    @Test
    void leavesOutNothingHostile() {
        String digits = "9".repeat(DIGITS);
        String entries =
                IntStream.range(0, 1001).mapToObj(i -> "\"n" + i + "\":1").collect(Collectors.joining(","));
        for (String hints : List.of(
                "\"weight\":-3",
                "\"weight\":\"-0.5\"",
                "\"weight\":" + digits,
                "\"startedAt\":" + digits,
                entries,
                "\"a\":[[[[[[[[1]]]]]]]]")) {
            assertThatThrownBy(() -> codec.decode(
                            "svc",
                            record("/grpclb/svc/x", "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{" + hints + "}}"),
                            leftOut::add))
                    .isInstanceOf(MalformedRecordException.class);
        }
    }

    @ParameterizedTest
    @CsvSource({"0,0", "1,1", "0.001,1", "1e-999999999,1", "1.4,1", "1.5,2", "999999.5,1000000", "5.0,5"})
    void roundsWeightsAndNeverTo0(String written, int read) throws Exception {
        String value = "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"weight\":" + written + "}}";
        assertThat(codec.decode("svc", record("/grpclb/svc/x", value), leftOut::add)
                        .weight())
                .isEqualTo(read);
        assertThat(leftOut).hasSize(written.matches("[0-9](\\.0)?") ? 0 : 1);
    }

    @Test
    void countsAlsoTheEntriesThatSayNothing() {
        String nulls =
                IntStream.range(0, 65).mapToObj(i -> "\"n" + i + "\":null").collect(Collectors.joining(","));
        KeyValue record = record("/grpclb/svc/x", "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{" + nulls + "}}");
        assertThatThrownBy(() -> codec.decode("svc", record))
                .hasMessage("metadata: '65' (expected: at most 64 entries)");
    }

    @Test
    void readsNoNumberOfManyDigits() {
        KeyValue zeros = record("/grpclb/svc/10.0.0.1:1", "0".repeat(DIGITS)); // to read them takes as long as others
        assertThatThrownBy(() -> codec.decode("svc", zeros))
                .isInstanceOf(MalformedRecordException.class)
                .hasMessageContaining("(" + DIGITS + " characters)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"5.0", "5e0", "0.5e1", "50e-1", "5.000000000000000000000000000000"})
    void readsNumbersHoweverTheyAreWritten(String weight) throws Exception {
        String value = "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"weight\":" + weight + "}}";
        assertThat(codec.decode("svc", record("/grpclb/svc/x", value)).weight()).isEqualTo(5);
    }

    @Test
    void refusesLargeValuesBeforeItReadsThem() {
        byte[] noText = new byte[1_400_000]; // would not be UTF-8 either
        Arrays.fill(noText, (byte) 0xff);
        KeyValue record = new KeyValue("/grpclb/svc/x", ByteString.copyFrom(noText), 1, 1, 0);
        assertThatThrownBy(() -> codec.decode("svc", record)).hasMessageContaining("more than 65536 bytes");
        String digits = "{\"Addr\":\"10.0.0.1:1\",\"x\":" + "9".repeat(100_000) + "}";
        assertThatThrownBy(() -> codec.decode("svc", record("/grpclb/svc/x", digits)))
                .hasMessageContaining("bytes");
    }

    @Test
    void takesKeysUpTo512Bytes() throws Exception {
        String key = "/grpclb/svc/" + "k".repeat(500);
        assertThat(codec.decode("svc", record(key, "10.0.0.1:1")).key()).isEqualTo(key);
        assertThatThrownBy(() -> codec.decode("svc", record(key + "k", "10.0.0.1:1")))
                .hasMessageContaining("key: ");
        assertThatThrownBy(() -> codec.decode("svc", record("/grpclb/svc/" + "ü".repeat(251), "10.0.0.1:1")))
                .hasMessageContaining("key: ");
    }

    @Test
    void refusesInvalidUtf8() {
        KeyValue record =
                new KeyValue("/grpclb/svc/x", ByteString.copyFrom(new byte[] {'h', (byte) 0xff, ':', '1'}), 1, 1, 0);
        assertThatThrownBy(() -> codec.decode("svc", record)).hasMessageContaining("expected: UTF-8");
    }

    @Test
    void saysWhatWasFoundInOneLine() {
        assertThatThrownBy(() -> codec.decode("svc", record("/grpclb/svc/x", "a\r\nFAKE LOG\u2028LINE")))
                .hasMessageStartingWith("value: 'a\\u000d\\u000aFAKE LOG\\u2028LINE' (expected: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/grpclb/foobar/a:1", "/grpclb/foo/", "/grpclb/foo", "/grpclb/foo/bar/a:1", "/other/foo/a:1"})
    void takesOnlyKeysOfTheService(String key) {
        assertThatThrownBy(() -> codec.decode("foo", record(key, "10.0.0.1:1"))).hasMessageContaining("key: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "greeter",
                "cluster@callee",
                "user.rpc",
                "grpclb_test2",
                "com.acme/orders",
                "grüße",
                "用户服务",
                "a?b"
            })
    void acceptsServiceNames(String service) {
        assertThat(new KeySpace("/p/").servicePrefix(service)).isEqualTo("/p/" + service + "/");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", "/a", "a/", "a//b", "..", "a/../b", "./a", "a b", "a\nb", "a\u0000", "a\u202eb", "a%2Fb"
            })
    void refusesOtherServiceNames(String service) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KeySpace("/p/").servicePrefix(service))
                .withMessageStartingWith("service: '");
    }

    private static KeyValue record(String key, String value) {
        return new KeyValue(key, ByteString.copyFromUtf8(value), 7, 8, 0);
    }
}
