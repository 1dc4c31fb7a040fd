package io.github.grpclb.etcd.override;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import io.github.grpclb.override.Override;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Overrides as they are written in etcd. */
class OverrideCodecTest {

    private static final String KEY = Overrides.PREFIX + "svc/one";
    private static final Instant SINCE = Instant.parse("2026-01-31T10:00:00Z");

    private final OverrideCodec codec = new OverrideCodec(new KeySpace(Overrides.PREFIX));

    static Stream<Arguments> overrides() {
        return Stream.of(
                Arguments.of(
                        new Override.Selector.Server("s1"),
                        new Override.Effect.Weight(0),
                        "{\"server\":\"s1\"}",
                        "\"weight\":0"),
                Arguments.of(
                        new Override.Selector.Zone("z<1>"),
                        new Override.Effect.Disabled(),
                        "{\"zone\":\"z\\u003c1\\u003e\"}",
                        "\"disabled\":true"),
                Arguments.of(
                        new Override.Selector.Version("v2"),
                        new Override.Effect.Weight(1_000_000),
                        "{\"version\":\"v2\"}",
                        "\"weight\":1000000"),
                Arguments.of(
                        new Override.Selector.All(),
                        new Override.Effect.Policy("least_request"),
                        "{\"service\":true}",
                        "\"policy\":\"least_request\""),
                Arguments.of(
                        new Override.Selector.All(),
                        new Override.Effect.Split(
                                new BalancingOverride.Split("version", Map.of("v2", 5.0, "v3", 0.25))),
                        "{\"service\":true}",
                        "\"split\":{\"key\":\"version\",\"shares\":{\"v2\":5,\"v3\":0.25}}"));
    }

    @ParameterizedTest
    @MethodSource("overrides")
    void writesWhatItReads(Override.Selector selector, Override.Effect effect, String selectorText, String effectText)
            throws MalformedRecordException {
        Override override = new Override(
                "svc", "one", selector, effect, "ops", "disk", SINCE, SINCE.plus(Duration.ofMinutes(10)), KEY, 8);
        String text = Overrides.record(selectorText, effectText);
        assertThat(codec.encode(override, false).toStringUtf8()).isEqualTo(text);
        assertThat(decode(text)).isEqualTo(override);
    }

    @Test
    void saysWhatWasForced() throws MalformedRecordException {
        Override override = decode(Overrides.weight("s1", 3));
        String forced = codec.encode(override, true).toStringUtf8();
        assertThat(forced).endsWith("\"until\":\"2026-01-31T10:10:00Z\",\"force\":true}");
        assertThat(decode(forced)).isEqualTo(override);
    }

    @Test
    void readsWhatAPersonWrites() throws MalformedRecordException {
        assertThat(
                        decode(
                                "\n{ \"until\": \"2026-01-31T12:10:00+02:00\", \"reason\": \"disk\", \"author\": \"ops\",\n"
                                        + "  \"since\": \"2026-01-31T10:00:00.000Z\", \"weight\": 3.0, \"selector\": {\"server\": \"s1\"} }\n"))
                .isEqualTo(decode(Overrides.weight("s1", 3)));
    }

    @Test
    void readsAShareThatIsNothingAsZero() throws MalformedRecordException {
        String split = "\"split\":{\"key\":\"version\",\"shares\":{\"v2\":-1e-999}}";
        assertThat(decode(Overrides.record("{\"service\":true}", split)).effect())
                .isEqualTo(new Override.Effect.Split(new BalancingOverride.Split("version", Map.of("v2", 0.0))));
    }

    @ParameterizedTest
    @FaultRow({44, 45})
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "^^                                         | value: '' (expected: JSON",
                "[]                                         | value: '[]' (expected: JSON",
                "{}                                         | selector: 'null' (expected: an object with one of server, service",
                "SELECTOR,`weight`:0,`wieght`:1             | member: 'wieght' (expected: author, force,",
                "SELECTOR,`weight`:0,`weight`:1             | member: 'weight' (expected: once)",
                "SELECTOR,`weight`:0,`disabled`:true        | effect: 'disabled, weight' (expected: one of disabled, policy,",
                "SELECTOR                                   | effect: 'none' (expected: one of disabled, policy, split, weight)",
                "SELECTOR,`weight`:-1                       | weight: '-1' (expected: an integer from 0 to 1000000)",
                "SELECTOR,`weight`:0.5                      | weight: '0.5' (expected: an integer from 0 to 1000000)",
                "SELECTOR,`weight`:`0`                      | weight: '0' (expected: a number)",
                "SELECTOR,`disabled`:false                  | disabled: 'false' (expected: true)",
                "SELECTOR,`policy`:`x`                      | selector: ",
                "SELECTOR,`weight`:1,`force`:1              | force: '1' (expected: true)",
                "`selector`:{`server`:`a`,`zone`:`b`},`weight`:1 | selector: ",
                "`selector`:{`service`:false},`weight`:1    | service: 'false' (expected: true)",
                "`selector`:{`host`:`a`},`weight`:1         | selector: '{host=a}' (expected: an object with one of",
                "`selector`:{`server`:` `},`weight`:1       | server: ' ' (expected: a text that is not blank",
                "`selector`:{`service`:true},`split`:{`key`:`version`} | split: '{key=version}' (expected: {",
                "`selector`:{`service`:true},`split`:{`key`:`version`,`shares`:{}} | shares: '0' (expected: 1 to 64",
                "`selector`:{`service`:true},`split`:{`key`:`v`,`shares`:{`a`:60,`b`:41}} | no more than 100",
                "`selector`:{`service`:true},`split`:{`key`:`v`,`shares`:{`a`:-1}} | shares.a: '-1.0' (expected: 0 to 100)",
            })
    void refuses(String written, String expected) {
        String text = written.trim();
        if (!text.isEmpty() && !text.startsWith("{") && !text.startsWith("[")) {
            String members = text.replace('`', '"').replace("SELECTOR", "\"selector\":{\"server\":\"s1\"}");
            text = "{" + members
                    + Overrides.weight("s1", 0).substring("{\"selector\":{\"server\":\"s1\"},\"weight\":0".length());
        }
        String value = text;
        assertThatThrownBy(() -> decode(value))
                .isInstanceOf(MalformedRecordException.class)
                .hasMessageContaining(expected.trim());
    }

    @ParameterizedTest
    @FaultRow(45)
    @CsvSource({
        "2026-01-31T10:10:00Z, 2026-02-08T10:10:00Z, until: '2026-02-08T10:10:00Z' (expected: after",
        "2026-01-31T10:10:00Z, tomorrow, until: 'tomorrow' (expected: a time such as 2026-01-31T10:00:00Z)",
        "2026-01-31T10:10:00Z, 2026-01-31T09:59:59Z, until: '2026-01-31T09:59:59Z' (expected: after 2026-01-31T10:00:00Z",
    })
    void refusesTimes(String before, String until, String expected) {
        assertThatThrownBy(() -> decode(Overrides.weight("s1", 0).replace(before, until)))
                .isInstanceOf(MalformedRecordException.class)
                .hasMessageContaining(expected);
    }

    @Test
    @FaultRow(47)
    void refusesKeysOfOthers() {
        for (String key : new String[] {Overrides.PREFIX + "svc/a/b", Overrides.PREFIX + "svc/", "/grpclb/svc/a"}) {
            assertThatThrownBy(() -> codec.decode("svc", new KeyValue(key, ByteString.EMPTY, 1, 1, 0)))
                    .hasMessageContaining("key: '" + key + "'");
        }
    }

    private Override decode(String text) throws MalformedRecordException {
        return codec.decode("svc", new KeyValue(KEY, ByteString.copyFromUtf8(text), 7, 8, 0));
    }
}
