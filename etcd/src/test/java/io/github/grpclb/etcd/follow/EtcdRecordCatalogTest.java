package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RecordCatalog;
import io.github.grpclb.discovery.RecordCatalog.Entry;
import io.github.grpclb.discovery.RecordCatalog.Records;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.groups.Tuple;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EtcdRecordCatalogTest {

    private final FakeClock clock = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(clock);
    private final EtcdLoop loop = new EtcdLoop(clock, clock::nanoTime, new Random(7));
    private final KeySpace keys = new KeySpace("/grpclb/");
    private final RecordCatalog catalog =
            new EtcdRecordCatalog(loop, etcd.client(), keys, new EndpointCodec(keys, AddressRules.DEFAULT));

    @Test
    void tellsWhoseFormARecordHasAndWhatItSays() {
        put("a", "{\"Op\":0,\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"id\":\"s1\",\"weight\":5}}");
        put("b", "{\"id\":\"s2\",\"metadata\":{\"weight\":\"3\"},\"endpoints\":[\"grpc://10.0.0.2:1\"]}");
        put("c", "10.0.0.3:1");
        put("10.0.0.4:1", "7");
        assertThat(told(null, 0, 10).records())
                .extracting(Entry::form, each -> endpoint(each).address(), each -> endpoint(each)
                        .weight())
                .containsExactly(
                        row("weight", "10.0.0.4:1", 7),
                        row("go", "10.0.0.1:1", 5),
                        row("kratos", "10.0.0.2:1", 3),
                        row("address", "10.0.0.3:1", 1));
    }

    @Test
    void tellsWhyARecordIsNobodysServerAndWhatIsLeftOut() {
        put("a", "{\"Op\":0,\"Addr\":\"10.0.0.1:0\"}");
        put("b", "{\"Op\":0,\"Addr\":\"10.0.0.2:1\",\"Metadata\":{\"weight\":\"heavy\"}}");
        Records told = told(null, 0, 10);
        assertThat(told.records().get(0)).satisfies(refused -> {
            assertThat(refused.endpoint()).isNull();
            assertThat(refused.form()).isNull();
            assertThat(refused.refusal()).contains("10.0.0.1:0", "1 to 65535");
        });
        assertThat(told.records().get(1)).satisfies(read -> {
            assertThat(read.refusal()).isNull();
            assertThat(read.leftOut()).singleElement().asString().contains("weight", "heavy");
        });
    }

    @Test
    void tellsHowLongARecordStays() {
        long lease = etcd.grantNow(Duration.ofSeconds(15));
        etcd.put(keys.servicePrefix("svc") + "a", ByteString.copyFromUtf8("10.0.0.1:1"), lease);
        put("b", "10.0.0.2:1");
        clock.forward(Duration.ofSeconds(5));
        Records told = told(null, 0, 10);
        assertThat(told.records().get(0)).satisfies(leased -> {
            assertThat(leased.granted()).isEqualTo(Duration.ofSeconds(15));
            assertThat(leased.remaining()).isBetween(Duration.ofSeconds(9), Duration.ofSeconds(10));
            assertThat(leased.permanent()).isFalse();
            assertThat(leased.createRevision()).isPositive();
        });
        assertThat(told.records().get(1)).satisfies(kept -> {
            assertThat(kept.granted()).isNull();
            assertThat(kept.remaining()).isNull();
            assertThat(kept.permanent()).isTrue();
        });
    }

    @Test
    void turnsPagesOfWhatMatches() {
        for (int i = 100; i < 350; i++) {
            put("10.0.0.1:" + i, "10.0.0.1:" + i);
        }
        etcd.largestPage(2_000);
        Records told = told("0.1:2", 98, 5);
        assertThat(told.total()).isEqualTo(250);
        assertThat(told.found()).isEqualTo(100);
        assertThat(told.complete()).isTrue();
        assertThat(told.records()).extracting(Entry::key).containsExactly(key("10.0.0.1:298"), key("10.0.0.1:299"));
        put("x", "10.0.0.9:9");
        assertThat(told("0.9:9", 0, 5).records()).as("by its value, too").hasSize(1);
    }

    @Test
    void saysWhyItCannotTell() {
        etcd.refuse(EtcdException.Kind.PERMISSION);
        CompletableFuture<Records> told = catalog.records("svc", null, 0, 10);
        clock.forward(Duration.ofMillis(10));
        assertThat(told).isCompletedExceptionally();
        assertThatThrownBy(() -> catalog.records("../svc", null, 0, 10))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("../svc");
    }

    private void put(String tail, String value) {
        etcd.put(key(tail), value);
    }

    private String key(String tail) {
        return keys.servicePrefix("svc") + tail;
    }

    private static Endpoint endpoint(Entry entry) {
        assertThat(entry.endpoint()).as(entry.key()).isNotNull();
        return entry.endpoint();
    }

    private static Tuple row(Object... values) {
        return new Tuple(values);
    }

    private Records told(@Nullable String search, int offset, int limit) {
        CompletableFuture<Records> told = catalog.records("svc", search, offset, limit);
        clock.forward(Duration.ofMillis(500));
        return told.join();
    }
}
