package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.testing.Allocation;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(CapturedLog.Extension.class)
class EndpointTableTest {

    private int skipped;
    private final FakeClock scheduler = new FakeClock();
    private final EndpointTable table = new EndpointTable(
            "svc",
            new EtcdLoop(scheduler, scheduler::nanoTime, new Random(7)),
            new EndpointCodec(new KeySpace("/grpclb/")),
            new RegistryObserver() {
                @Override
                public void recordSkipped(String service) {
                    skipped++;
                }
            },
            10);

    @Test
    @FaultRow(45)
    void readsAnUnchangedRecordOnce() {
        List<KeyValue> good = List.of(record("{\"Addr\":\"10.0.0.1:1\",\"x\":\"" + "y".repeat(5000) + "\"}", 1, 1));
        List<KeyValue> bad = List.of(record("{\"Addr\":\"10.0.0.1:0\",\"x\":\"" + "y".repeat(5000) + "\"}", 1, 2));
        assertThat(Allocation.bytesPerRun(() -> table.replace(good))).isLessThan(2500);
        assertThat(Allocation.bytesPerRun(() -> table.replace(bad))).isLessThan(2500);
        assertThat(table.endpoints()).hasSize(1);
        assertThat(skipped).isEqualTo(1);
    }

    @Test
    @FaultRow(5)
    void readsAnotherRecordOfTheSameRevision() {
        table.replace(List.of(record("10.0.0.1:1", 1, 2)));
        table.replace(List.of(record("10.0.0.2:1", 1, 2)));
        assertThat(table.endpoints()).extracting(Endpoint::host).containsExactly("10.0.0.2");
        table.replace(List.of(record("10.0.0.2:1", 2, 2)));
        assertThat(table.endpoints()).extracting(Endpoint::createRevision).containsExactly(2L);
        table.replace(List.of(record("oops", 2, 2)));
        table.replace(List.of(record("oops, again", 2, 2)));
        assertThat(skipped).isEqualTo(2);
    }

    @Test
    @FaultRow(4)
    void whatIsAsInTheLastListIsTheSameObject() {
        KeyValue first = record("10.0.0.1:1", 1, 1);
        table.replace(List.of(first));
        Endpoint listed = table.endpoints().get(0);
        table.listed();
        table.apply(new EtcdApi.Event(record("{\"Addr\":\"10.0.0.1:1\",\"Metadata\":7}", 1, 2), false));
        table.apply(new EtcdApi.Event(record("10.0.0.1:1", 1, 3), false));
        assertThat(table.endpoints().get(0)).isSameAs(listed);
        table.replace(List.of());
        table.replace(List.of(first));
        assertThat(table.endpoints().get(0)).isSameAs(listed);
        table.replace(List.of());
        table.listed();
        table.replace(List.of(first));
        assertThat(table.endpoints().get(0)).isEqualTo(listed).isNotSameAs(listed);
    }

    @Test
    @FaultRow(44)
    void saysOnceOfEachRevisionWhatIsLeftOut(CapturedLog output) {
        KeyValue first =
                record("{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"state\":\"running\",\"weight\":\"x\"}}", 1, 1);
        table.replace(List.of(first));
        table.replace(List.of(first));
        table.apply(new EtcdApi.Event(first, false));
        assertThat(table.endpoints()).extracting(Endpoint::weight).containsExactly(1);
        assertThat(skipped).isZero();
        assertThat(output.toString().lines().filter(line -> line.contains("is used without")))
                .singleElement()
                .asString()
                .contains("svc: record /grpclb/svc/a (revision 1)", "state: 'running'", "weight: 'x'");
        table.replace(List.of(record("{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"state\":\"running\"}}", 1, 2)));
        assertThat(output.toString().lines().filter(line -> line.contains("is used without")))
                .hasSize(2);
    }

    @Test
    @FaultRow({44, 45, 46})
    void saysWhichRecordsAreNotUsedAndWhy() {
        table.replace(List.of(record("10.0.0.1:1", 1, 1), keyed("b", "10.0.0.2:0", 2), keyed("c", "10.0.0.3:1", 3)));
        table.listed();
        assertThat(table.unused().total()).isEqualTo(1);
        assertThat(table.unused().some()).singleElement().satisfies(each -> {
            assertThat(each.key()).isEqualTo("/grpclb/svc/b");
            assertThat(each.cause()).isEqualTo(UnusedRecords.Cause.REFUSED);
            assertThat(each.lastGood()).isFalse();
            assertThat(each.detail()).startsWith("address: '10.0.0.2:0' (expected: ");
        });
        table.apply(new EtcdApi.Event(record("oops", 1, 4), false));
        assertThat(table.unused().some()).first().satisfies(each -> {
            assertThat(each.key()).isEqualTo("/grpclb/svc/a");
            assertThat(each.lastGood()).isTrue();
            assertThat(each.detail()).endsWith("; its last good value stays");
        });
        table.apply(new EtcdApi.Event(record("oops, again", 1, 5), false));
        assertThat(table.unused().total()).isEqualTo(2);
        table.apply(new EtcdApi.Event(record("10.0.0.1:1", 1, 6), false));
        table.apply(new EtcdApi.Event(keyed("b", "", 7), true));
        assertThat(table.unused()).isEqualTo(UnusedRecords.NONE);
    }

    @Test
    @FaultRow(45)
    void namesNoMoreUnusedRecordsThanAFew() {
        List<KeyValue> many = IntStream.range(0, 1000)
                .mapToObj(i -> keyed("x" + i, "oops", i + 1))
                .toList();
        table.replace(many);
        assertThat(table.unused().total()).isEqualTo(1000);
        assertThat(table.unused().some()).hasSize(UnusedRecords.MOST);
        table.replace(List.of());
        assertThat(table.unused()).isEqualTo(UnusedRecords.NONE);
    }

    @Test
    void saysWhoIsOneTooMany() {
        table.replace(IntStream.rangeClosed(1, 12)
                .mapToObj(i -> keyed("x" + (char) ('a' + i), "10.0.0." + i + ":1", i))
                .toList());
        assertThat(table.listed()).hasSize(10);
        assertThat(table.unused().total()).isEqualTo(2);
        assertThat(table.unused().some())
                .extracting("key", "cause", "detail")
                .containsExactly(
                        tuple(
                                "/grpclb/svc/xl",
                                UnusedRecords.Cause.TOO_MANY,
                                "of 12 servers the oldest 10 are used (max-endpoints)"),
                        tuple(
                                "/grpclb/svc/xm",
                                UnusedRecords.Cause.TOO_MANY,
                                "of 12 servers the oldest 10 are used (max-endpoints)"));
        table.replace(List.of(keyed("xb", "10.0.0.1:1", 1)));
        table.listed();
        assertThat(table.unused()).isEqualTo(UnusedRecords.NONE);
    }

    private static KeyValue keyed(String tail, String value, long revision) {
        return new KeyValue("/grpclb/svc/" + tail, ByteString.copyFromUtf8(value), revision, revision, 0);
    }

    @Test
    void saysOnceThatTwoServersHaveOneId(CapturedLog output) {
        for (int i = 0; i < 3; i++) {
            for (String key : List.of("a", "b", "c")) {
                String id = key.equals("c") ? "s2" : "s1";
                table.apply(new EtcdApi.Event(
                        new KeyValue(
                                "/grpclb/svc/" + key,
                                ByteString.copyFromUtf8("{\"Addr\":\"10.0.0." + (key.charAt(0) - 'a' + 1)
                                        + ":1\",\"Metadata\":{\"id\":\"" + id + "\",\"weight\":" + (i + 1) + "}}"),
                                1,
                                10 * i + 1,
                                0),
                        false));
            }
            table.listed();
        }
        assertThat(output.toString().lines().filter(line -> line.contains("two servers have the id")))
                .singleElement()
                .asString()
                .contains("'s1'", "/grpclb/svc/a", "10.0.0.1:1", "/grpclb/svc/b", "10.0.0.2:1");
    }

    private static KeyValue record(String value, long createRevision, long modRevision) {
        return new KeyValue("/grpclb/svc/a", ByteString.copyFromUtf8(value), createRevision, modRevision, 0);
    }
}
