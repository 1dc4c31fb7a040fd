package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.ForwardingApi;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

@FaultRow(39)
class PagedReadTest {

    private static final String PREFIX = "/grpclb/svc/";

    private final FakeClock scheduler = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(scheduler);
    private final List<EtcdApi.Page> lists = new ArrayList<>();
    private final List<EtcdException> failures = new ArrayList<>();

    @Test
    void failsWhereAPageBeginsWhereTheOneBeforeDid() {
        put(2500);
        int[] pages = {0};
        read(new ForwardingApi(etcd.client()) {
            @Override
            public CompletableFuture<Page> list(String prefix, ByteString from, int limit, long revision) {
                return ++pages[0] > 10
                        ? to.list(prefix, from, limit, revision)
                        : to.list(prefix, ByteString.EMPTY, limit, revision);
            }
        });
        assertThat(pages[0]).isEqualTo(2);
        assertThat(lists).isEmpty();
        assertThat(failures).singleElement().asString().contains("does not come to an end");
    }

    @Test
    @FaultRow(45)
    void readsLargeValuesInSmallerPagesAndKeepsNoneOfThem() {
        int largest = 64 << 20;
        etcd.largestPage(largest);
        ByteString large = ByteString.copyFrom(new byte[3 << 19]);
        put(1500);
        for (int i = 0; i < 50; i++) {
            etcd.put(PREFIX + "large" + i, large, 0);
        }
        read(etcd.client());
        assertThat(failures).isEmpty();
        assertThat(lists).singleElement().satisfies(list -> assertThat(list.records())
                .hasSize(1550)
                .allSatisfy(record -> assertThat(record.value().size()).isLessThan(100_000)));
        assertThat(etcd.lists()).isLessThan(30);
    }

    @Test
    @FaultRow(45)
    void failsWhereOneRecordIsLargerThanAPageCanBe() {
        etcd.largestPage(100);
        put(10);
        etcd.put(PREFIX + "large", "x".repeat(101));
        read(etcd.client());
        assertThat(lists).isEmpty();
        assertThat(failures).extracting(EtcdException::kind).containsExactly(EtcdException.Kind.TOO_LARGE);
    }

    @Test
    void asksNoMoreOftenWhereThereAreTooManyRequests() {
        EtcdException busy = EtcdException.of(Status.RESOURCE_EXHAUSTED
                .withDescription("etcdserver: too many requests")
                .asException());
        put(10);
        etcd.refuseWith(busy);
        read(etcd.client());
        assertThat(failures).containsExactly(busy);
        assertThat(etcd.calls()).isEqualTo(1);
    }

    @Test
    void readsNoFurtherWhenNobodyWantsIt() {
        put(2500);
        PagedRead read = start(etcd.client());
        read.cancel();
        scheduler.forward(Duration.ofSeconds(1));
        assertThat(etcd.lists()).isEqualTo(1);
        assertThat(lists).isEmpty();
        assertThat(failures).isEmpty();
    }

    private void put(int records) {
        for (int i = 0; i < records; i++) {
            etcd.put(PREFIX + i, "10.0.0.1:1");
        }
    }

    private void read(EtcdApi api) {
        start(api);
        scheduler.forward(Duration.ofSeconds(1));
    }

    private PagedRead start(EtcdApi api) {
        EtcdLoop loop = new EtcdLoop(scheduler, scheduler::nanoTime, new Random(0));
        return PagedRead.start(loop, api, PREFIX, key -> KeySpace.isBelow(PREFIX, key), lists::add, failures::add);
    }
}
