package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import io.github.grpclb.etcd.record.RecordMetadata;
import io.github.grpclb.fuzz.FuzzRun;
import io.github.grpclb.fuzz.Hostile;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.Test;

/** Whatever is written in etcd: a value gives an endpoint that is within all limits, or is refused in the one way there is. */
@FaultRow({44, 45, 46})
@AddLifecycleHook(FuzzRun.class)
class RecordFuzzTest {

    private static final String SERVICE = "svc";
    private static final List<String> NAMES = List.of(
            "Op",
            "Addr",
            "Addr",
            "addr",
            "ADDR",
            "Metadata",
            "Metadata",
            "metadata",
            "endpoints",
            "id",
            "ID",
            "name",
            "version",
            "weight",
            "state",
            "startedAt",
            "zone",
            "\u017ftate");

    private static final List<String> METADATA =
            RecordMetadata.RESERVED.stream().sorted().toList();

    private final EndpointCodec codec = new EndpointCodec(new KeySpace("/grpclb/"));

    @Provide
    Arbitrary<byte[]> values() {
        return Hostile.inputs(RecordFuzzTest::value);
    }

    @Property
    void decodes(@ForAll("values") byte[] value) {
        Endpoint endpoint;
        try {
            endpoint = codec.decode(SERVICE, record("10.0.0.9:9", value), RecordFuzzTest::requireOneLine);
        } catch (MalformedRecordException e) {
            requireOneLine(e);
            return;
        }
        requireWithinLimits(endpoint);
        requireStable(endpoint);
    }

    @Test
    void decodesTheFixedSeed() {
        Hostile.replay(RecordFuzzTest::value, 500, this::decodes);
    }

    @Provide
    Arbitrary<List<KeyValue>> histories() {
        return Hostile.inputs(hostile -> hostile.list(6, () -> record(hostile)));
    }

    /** A bad value hides nothing but itself, and not even the good one that it takes the place of. */
    @Property
    void keepsTheGoodBesideTheBad(@ForAll("histories") List<KeyValue> history) {
        FakeClock scheduler = new FakeClock();
        EtcdLoop loop = new EtcdLoop(scheduler, scheduler::nanoTime, new Random(7));
        EndpointTable table = new EndpointTable(SERVICE, loop, codec, RegistryObserver.NONE, 10_000);
        Map<String, Endpoint> expected = new HashMap<>();
        Map<String, Long> revisions = new HashMap<>();
        for (KeyValue record : history) {
            boolean deleted = record.lease() == 5;
            table.apply(new EtcdApi.Event(record, deleted));
            if (record.modRevision() <= revisions.getOrDefault(record.key(), 0L)) {
                continue;
            }
            if (deleted) {
                expected.remove(record.key());
                revisions.remove(record.key());
                continue;
            }
            revisions.put(record.key(), record.modRevision());
            try {
                expected.put(record.key(), codec.decode(SERVICE, record, leftOut -> {}));
            } catch (MalformedRecordException e) {
                // what was there stays
            }
        }
        List<Endpoint> endpoints = table.endpoints();
        Set<String> addresses = new HashSet<>();
        assertThat(endpoints).allMatch(endpoint -> addresses.add(endpoint.address()));
        Set<String> wanted = new HashSet<>();
        expected.values().forEach(endpoint -> wanted.add(endpoint.address()));
        assertThat(addresses).isEqualTo(wanted);
        assertThat(new ArrayList<>(expected.values())).containsAll(endpoints);
    }

    private static byte[] value(Hostile hostile) {
        if (hostile.oneIn(1000)) {
            String unit = hostile.of("9", "[", "{\"a\":", "a", "10.0.0.1:1,", " ");
            return hostile.bytes(unit.repeat(hostile.between(30_000, 70_000) / unit.length()));
        }
        return hostile.bytes(
                switch (hostile.between(0, 15)) {
                    case 0, 1, 2 ->
                        "{\"id\":\"" + hostile.text() + "\",\"metadata\":" + hostile.object(METADATA)
                                + ",\"endpoints\":[\"http://h:1\",\"grpc://" + hostile.address()
                                + "?isSecure=false\"]}";
                    case 3, 4, 5 -> hostile.object(NAMES);
                    case 6, 7 -> hostile.address();
                    case 8 -> hostile.number();
                    case 9 -> hostile.text();
                    default ->
                        "{\"Op\":0,\"Addr\":\"" + hostile.address() + "\",\"Metadata\":" + hostile.object(METADATA)
                                + "}";
                });
    }

    /** One of few keys at one of few revisions, the good value one time in four; gone where the lease is 5. */
    private static KeyValue record(Hostile hostile) {
        ByteString value =
                hostile.oneIn(4) ? ByteString.copyFromUtf8("10.0.0.1:8080") : ByteString.copyFrom(value(hostile));
        String tail = hostile.of("a", "b", "10.0.0.1:1", "c/d", "");
        return new KeyValue("/grpclb/svc/" + tail, value, 1, hostile.between(1, 20), hostile.between(0, 5));
    }

    private static void requireOneLine(MalformedRecordException said) {
        assertThat(said.getMessage()).hasSizeLessThan(1500);
        assertThat(said.getMessage().chars()).noneMatch(Character::isISOControl);
    }

    private static void requireWithinLimits(Endpoint endpoint) {
        assertThat(endpoint.port()).isBetween(1, 65535);
        assertThat(endpoint.weight()).isBetween(0, Endpoint.MAX_WEIGHT);
        assertThat(endpoint.startedAt()).isNotNegative();
        assertThat(endpoint.host()).hasSizeBetween(1, 253).matches("[A-Za-z0-9_.:-]+");
        assertThat(endpoint.metadata()).hasSizeLessThanOrEqualTo(64);
        assertThat(endpoint.key()).isEqualTo("/grpclb/svc/10.0.0.9:9");
        assertThat(endpoint.identity().service()).isEqualTo(SERVICE);
        if (InetAddresses.isInetAddress(endpoint.host())) {
            InetAddress address = InetAddresses.forString(endpoint.host());
            assertThat(address.isAnyLocalAddress() || address.isMulticastAddress() || address.isLinkLocalAddress())
                    .isFalse();
        } else {
            // what other readers take for a number leads to the machine that the number means
            assertThat(endpoint.host()).doesNotContain(":").doesNotMatch("(?i)(.*\\.)?([0-9]+|0x[0-9a-f]*)");
        }
    }

    /** Written and read again, it is what it was: but for half a surrogate pair, which UTF-8 cannot carry. */
    private void requireStable(Endpoint endpoint) {
        boolean writable = codec.encode(endpoint).size() <= 64 * 1024
                && endpoint.metadata().keySet().stream().allMatch(RecordFuzzTest::isUnicode);
        if (!writable) {
            return;
        }
        Endpoint canonical = codec.canonical(endpoint);
        assertThat(canonical.address()).isEqualTo(endpoint.address());
        assertThat(canonical.weight()).isEqualTo(endpoint.weight());
        assertThat(canonical.state()).isEqualTo(endpoint.state());
        assertThat(codec.canonical(canonical))
                .isEqualTo(canonical.toBuilder().createRevision(0).build());
        assertThat(codec.encode(canonical)).isEqualTo(codec.encode(codec.canonical(canonical)));
    }

    private static boolean isUnicode(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    private static KeyValue record(String tail, byte[] value) {
        return new KeyValue("/grpclb/" + SERVICE + "/" + tail, ByteString.copyFrom(value), 7, 8, 0);
    }
}
