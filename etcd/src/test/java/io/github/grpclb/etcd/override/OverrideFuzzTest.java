package io.github.grpclb.etcd.override;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import io.github.grpclb.fuzz.FuzzRun;
import io.github.grpclb.fuzz.Hostile;
import io.github.grpclb.override.Override;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.Test;

/** Whatever is written in etcd: a value gives an override that is within all limits, or is refused in the one way there is. */
@FaultRow({44, 45, 46})
@AddLifecycleHook(FuzzRun.class)
class OverrideFuzzTest {

    private static final List<String> NAMES = List.of(
            "selector",
            "selector",
            "server",
            "zone",
            "version",
            "service",
            "weight",
            "weight",
            "disabled",
            "policy",
            "split",
            "key",
            "shares",
            "author",
            "reason",
            "since",
            "until",
            "force",
            "Force");

    private final OverrideCodec codec = new OverrideCodec(new KeySpace(Overrides.PREFIX));

    @Provide
    Arbitrary<byte[]> values() {
        return Hostile.inputs(OverrideFuzzTest::value);
    }

    @Property
    void decodes(@ForAll("values") byte[] value) {
        Override override;
        try {
            override = decode("a", value);
        } catch (MalformedRecordException e) {
            assertThat(e.getMessage()).hasSizeLessThan(1500);
            assertThat(e.getMessage().chars()).noneMatch(Character::isISOControl);
            return;
        }
        assertThat(override.duration()).isPositive().isLessThanOrEqualTo(Override.LONGEST);
        assertThat(override.author()).isNotBlank().hasSizeLessThanOrEqualTo(Override.LONGEST_TEXT);
        assertThat(override.reason()).isNotBlank().hasSizeLessThanOrEqualTo(Override.LONGEST_TEXT);
        if (override.effect() instanceof Override.Effect.Weight weight) {
            assertThat(weight.weight()).isBetween(0, Endpoint.MAX_WEIGHT);
        }
        String written = codec.encode(override, false).toStringUtf8();
        if (StandardCharsets.UTF_8.newEncoder().canEncode(override.toString())) {
            try {
                assertThat(decode("a", written.getBytes(StandardCharsets.UTF_8)))
                        .isEqualTo(override);
            } catch (MalformedRecordException e) {
                throw new AssertionError(written, e);
            }
        }
    }

    @Test
    void decodesTheFixedSeed() {
        Hostile.replay(OverrideFuzzTest::value, 500, this::decodes);
    }

    @Provide
    Arbitrary<List<byte[]>> histories() {
        return Hostile.inputs(hostile -> hostile.list(6, () -> value(hostile)));
    }

    /** A bad value hides nothing but itself, and not even the good one that it takes the place of. */
    @Property
    void keepsTheGoodBesideTheBad(@ForAll("histories") List<byte[]> history) {
        FakeClock clock = new FakeClock();
        FakeEtcd etcd = new FakeEtcd(clock);
        EtcdLoop loop = new EtcdLoop(clock, clock::nanoTime, new Random(7));
        EtcdOverrides source = new EtcdOverrides(
                loop, etcd.client(), new KeySpace(Overrides.PREFIX), Duration.ofHours(1), RegistryObserver.NONE);
        List<List<Override>> heard = new ArrayList<>();
        source.subscribe("svc", heard::add);
        etcd.put(Overrides.PREFIX + "svc/good", Overrides.weight("s1", 0));
        Map<String, Override> expected = new TreeMap<>();
        for (int i = 0; i < history.size(); i++) {
            String name = "n" + i % 3;
            etcd.put(Overrides.PREFIX + "svc/" + name, ByteString.copyFrom(history.get(i)), 0);
            clock.forward(Duration.ofMillis(2)); // so each is heard of
            try {
                KeyValue record = etcd.record(Overrides.PREFIX + "svc/" + name);
                expected.put(name, codec.decode("svc", record));
            } catch (MalformedRecordException e) {
                // what was there stays
            }
        }
        clock.forward(Duration.ofSeconds(1));
        List<Override> last = heard.get(heard.size() - 1);
        assertThat(last).extracting(Override::name).contains("good");
        assertThat(last.stream().filter(each -> !each.name().equals("good")))
                .containsExactlyElementsOf(expected.values());
    }

    private static byte[] value(Hostile hostile) {
        if (hostile.oneIn(1000)) {
            String unit = hostile.of("9", "[", "{\"selector\":", "a", " ");
            return hostile.bytes(unit.repeat(hostile.between(30_000, 70_000) / unit.length()));
        }
        return hostile.bytes(
                switch (hostile.between(0, 7)) {
                    case 0 -> hostile.object(NAMES);
                    case 1 -> hostile.text();
                    case 2 ->
                        Overrides.record("{\"server\":\"" + hostile.text() + "\"}", "\"weight\":" + hostile.number());
                    case 3 -> Overrides.record("{\"service\":true}", "\"split\":" + hostile.object(NAMES));
                    case 4 ->
                        Overrides.record(
                                "{\"service\":true}",
                                "\"split\":{\"key\":\"" + hostile.text() + "\",\"shares\":{\"" + hostile.text() + "\":"
                                        + hostile.number() + "}}");
                    case 5 ->
                        Overrides.record("{\"zone\":\"z1\"}", "\"disabled\":true")
                                .replace(
                                        "2026-01-31T10:10:00Z",
                                        hostile.of(
                                                hostile.text(),
                                                "+1000000000-12-31T23:59:59Z",
                                                "2026-02-01T00:00:00Z",
                                                "-1"));
                    case 6 -> Overrides.record("{\"service\":true}", "\"policy\":\"" + hostile.text() + "\"");
                    default -> Overrides.weight("s1", hostile.between(0, 9));
                });
    }

    private Override decode(String name, byte[] value) throws MalformedRecordException {
        return codec.decode("svc", new KeyValue(Overrides.PREFIX + "svc/" + name, ByteString.copyFrom(value), 7, 8, 0));
    }
}
