package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
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
        return PagedRead.start(loop, api, PREFIX, lists::add, failures::add);
    }
}
