package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.LatestList;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.RecordRules;
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
            new Following(new KeySpace("/grpclb/"), RecordRules.DEFAULT, LastLists.NONE, RegistryObserver.NONE);
    private final EndpointTable table = new EndpointTable(
            "svc",
            loop,
            new EndpointCodec(following.keys()),
            RegistryObserver.NONE,
            RecordRules.DEFAULT.maxEndpoints());
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

    @Test
    @FaultRow(50)
    void tellsAListenerAgainThatThrew() {
        Throwing listener = new Throwing();
        publisher.add(list);
        publisher.add(listener);
        listener.throwing = true;
        at(Duration.ZERO, 1);
        scheduler.forward(Duration.ofSeconds(5));
        assertThat(listener.heard.count()).isZero();
        assertThat(list.count()).isEqualTo(1);
        listener.throwing = false;
        scheduler.forward(Duration.ofSeconds(2));
        assertThat(listener.heard.endpoints()).isEqualTo(list.endpoints());
        scheduler.forward(Duration.ofMinutes(1));
        assertThat(listener.heard.count()).isEqualTo(1);
        assertThat(list.count()).isEqualTo(1);
        assertThat(scheduler.pending()).isZero();
    }

    @Test
    @FaultRow(50)
    void tellsAListenerAgainWhetherTheRegistryAnswers() {
        Throwing listener = new Throwing();
        publisher.add(listener);
        at(Duration.ZERO, 1);
        scheduler.forward(Duration.ofSeconds(1));
        publisher.unavailable("away");
        assertThat(listener.answers).isFalse();
        listener.throwing = true;
        at(Duration.ZERO, 1);
        scheduler.forward(Duration.ofSeconds(1));
        listener.throwing = false;
        scheduler.forward(Duration.ofSeconds(2));
        assertThat(listener.answers).isTrue();
    }

    private static final class Throwing implements EndpointListener {

        private final LatestList heard = new LatestList();
        private boolean throwing;
        private boolean answers = true;

        @Override
        public void onEndpoints(EndpointSnapshot snapshot) {
            throwIfSo();
            heard.onEndpoints(snapshot);
        }

        @Override
        public void onUnavailable(String reason) {
            throwIfSo();
            heard.onUnavailable(reason);
        }

        @Override
        public void onReachable(boolean reachable) {
            throwIfSo();
            answers = reachable;
        }

        private void throwIfSo() {
            if (throwing) {
                throw new IllegalStateException("listener");
            }
        }
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
