package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SnapshotPublisherTest {

    private final FakeClock scheduler = new FakeClock();
    private final EtcdLoop loop = new EtcdLoop(scheduler, scheduler::nanoTime, new Random(7));
    private final Following following =
            new Following(new KeySpace("/grpclb/"), RecordRules.DEFAULT, LastLists.NONE, EtcdObserver.NONE);
    private final EndpointTable table = new EndpointTable(
            "svc", new EndpointCodec(following.keys()), EtcdObserver.NONE, RecordRules.DEFAULT.maxEndpoints());
    private final SnapshotPublisher publisher = new SnapshotPublisher("svc", loop, table, following);
    private final LatestList list = new LatestList();

    @Test
    @FaultRow(40)
    void publishesNoMoreOftenWhereAnEventComesBeforeTheTimerThatIsDue() {
        publisher.add(list);
        at(Duration.ZERO, 1);
        at(Duration.ofMillis(100), 3); // before the timer of the same moment, which the next one sets
        at(Duration.ofMillis(50), 2);
        at(Duration.ofMillis(100), 4);
        scheduler.forward(Duration.ofMillis(150));
        assertThat(list.count()).isEqualTo(2);
        scheduler.forward(Duration.ofMillis(100));
        assertThat(list.count()).isEqualTo(3);
        assertThat(list.endpoints()).singleElement().satisfies(endpoint -> assertThat(endpoint.weight())
                .isEqualTo(4));
    }

    private void at(Duration time, int weight) {
        KeyValue record = new KeyValue(
                "/grpclb/svc/a",
                ByteString.copyFromUtf8("{\"Op\":0,\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"weight\":" + weight + "}}"),
                1,
                weight,
                0);
        scheduler.schedule(
                () -> {
                    table.replace(List.of(record));
                    publisher.publishSoon(weight);
                },
                time.toNanos(),
                TimeUnit.NANOSECONDS);
    }
}
