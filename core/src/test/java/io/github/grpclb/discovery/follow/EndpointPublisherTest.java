package io.github.grpclb.discovery.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EndpointPublisherTest {

    private final FakeClock scheduler = new FakeClock();
    private final RegistryLoop loop = new RegistryLoop(scheduler, scheduler::nanoTime, new Random(7));
    private final EndpointPublisher publisher =
            new EndpointPublisher("svc", loop, LastLists.none(), RegistryObserver.NONE);
    private final HeardLists list = new HeardLists();

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

    @Test
    void replacesNoListByALaterReason() {
        publisher.add(list);
        publisher.unavailable("away");
        at(Duration.ZERO, 1);
        scheduler.forward(Duration.ofSeconds(1));
        publisher.unavailable("away again");
        assertThat(list.reasons()).containsExactly("away");
        assertThat(list.count()).isEqualTo(1);
    }

    @Test
    void publishesAgainWhatCouldNotBeMade() {
        publisher.add(list);
        AtomicBoolean fails = new AtomicBoolean(true);
        loop.execute(() -> publisher.publishSoon(1, () -> {
            if (fails.getAndSet(false)) {
                throw new OutOfMemoryError("a list of many");
            }
            return List.of(endpoint(1));
        }));
        scheduler.forward(Duration.ofSeconds(2));
        assertThat(list.endpoints()).hasSize(1);
        assertThat(list.count()).isEqualTo(1);
    }

    @Test
    void keepsListsOfTheRegistrysOwnAlone() {
        List<List<Endpoint>> kept = new ArrayList<>();
        EndpointPublisher keeping = new EndpointPublisher(
                "svc",
                loop,
                new LastLists<>() {
                    @Override
                    public void keep(String service, List<Endpoint> live) {
                        kept.add(live);
                    }

                    @Override
                    public void recall(String service, Consumer<@Nullable SavedList<Object>> found) {}

                    @Override
                    public void close() {}
                },
                RegistryObserver.NONE);
        keeping.add(list);
        keeping.publishSaved(List.of(endpoint(1)));
        assertThat(kept).isEmpty();
        assertThat(keeping.isLive()).isFalse();
        loop.execute(() -> keeping.publishSoon(2, () -> List.of(endpoint(1))));
        scheduler.forward(Duration.ofSeconds(1));
        assertThat(kept).containsExactly(List.of(endpoint(1)));
        assertThat(list.count()).isEqualTo(1); // the same servers
        assertThat(keeping.isLive()).isTrue();
    }

    @Test
    @FaultRow(44)
    void tellsWhichRecordsAreNotUsedBeforeTheListAndWhereOnlyTheyChange() {
        List<String> heard = new ArrayList<>();
        EndpointListener listener = new EndpointListener() {
            @Override
            public void onEndpoints(EndpointSnapshot snapshot) {
                heard.add(snapshot.endpoints().size() + " endpoints");
            }

            @Override
            public void onUnavailable(String reason) {}

            @Override
            public void onUnused(UnusedRecords unused) {
                heard.add(unused.total() + " unused");
            }
        };
        UnusedRecords one =
                new UnusedRecords(1, List.of(new UnusedRecords.Unused("k", UnusedRecords.Cause.REFUSED, false, "why")));
        publisher.add(listener);
        publish(one);
        publish(one);
        publish(UnusedRecords.NONE);
        assertThat(heard).containsExactly("1 unused", "1 endpoints", "0 unused");
        publish(one);
        heard.clear();
        publisher.add(listener);
        assertThat(heard).as("who comes later").containsExactly("1 unused", "1 endpoints");
        heard.clear();
        for (int i = 0; i < 50; i++) {
            UnusedRecords next = i % 2 == 0 ? UnusedRecords.NONE : one;
            loop.execute(() -> publisher.publishSoon(3, () -> List.of(endpoint(1)), () -> next));
            scheduler.forward(Duration.ofMillis(20));
        }
        assertThat(heard).as("ten times a second, to two").hasSizeLessThanOrEqualTo(2 * 11);
    }

    private void publish(UnusedRecords unused) {
        loop.execute(() -> publisher.publishSoon(2, () -> List.of(endpoint(1)), () -> unused));
        scheduler.forward(Duration.ofSeconds(1));
    }

    private static final class Throwing implements EndpointListener {

        private final HeardLists heard = new HeardLists();
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
        scheduler.schedule(
                () -> publisher.publishSoon(weight, () -> List.of(endpoint(weight))),
                time.toNanos(),
                TimeUnit.NANOSECONDS);
    }

    private static Endpoint endpoint(int weight) {
        return Endpoint.builder("svc", "10.0.0.1", 1).weight(weight).build();
    }
}
