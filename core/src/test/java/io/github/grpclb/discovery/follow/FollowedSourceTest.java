package io.github.grpclb.discovery.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource.Subscription;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A registry that is none of ours: one that tells its services' lists by itself. */
class FollowedSourceTest {

    private static final Duration LINGER = Duration.ofHours(1);
    private static final Duration SOON = Duration.ofMillis(150);

    private final FakeClock scheduler = new FakeClock();
    private final RegistryLoop loop = new RegistryLoop(scheduler, scheduler::nanoTime, new Random(7));
    private final List<PushedFeed> feeds = new ArrayList<>();
    private final List<String> massChanges = new ArrayList<>();
    private int failingStarts;
    private boolean listsAreClosed;
    private final FollowedSource source = new FollowedSource(
            loop,
            PushedFeed::new,
            new LastLists<String>() {
                @Override
                public void keep(String service, List<Endpoint> live) {}

                @Override
                public void recall(String service, Consumer<@Nullable SavedList<String>> found) {
                    found.accept(null);
                }

                @Override
                public void close() {
                    listsAreClosed = true;
                }
            },
            new RegistryObserver() {
                @Override
                public void massChange(String service) {
                    massChanges.add(service);
                }
            },
            LINGER);
    private final HeardLists heard = new HeardLists();

    @Test
    @FaultRow(41)
    void followsAServiceOnceHoweverManySubscribe() {
        List<HeardLists> all =
                Stream.generate(HeardLists::new).limit(20).peek(this::subscribe).toList();
        feeds.get(0).push("a");
        after(SOON);
        assertThat(feeds).singleElement().satisfies(feed -> assertThat(feed.starts)
                .isEqualTo(1));
        assertThat(all).allSatisfy(each -> assertThat(each.endpoints()).hasSize(1));
    }

    @Test
    void followsEachServiceApart() {
        subscribe(heard);
        source.subscribe("other", new HeardLists());
        after(SOON);
        feeds.get(1).push("a");
        after(SOON);
        assertThat(feeds).extracting(feed -> feed.service).containsExactly("svc", "other");
        assertThat(heard.count()).isZero();
    }

    @Test
    @FaultRow(42)
    void hasAListAtOnceForOneWhoComesBack() {
        Subscription subscription = subscribe(heard);
        feeds.get(0).push("a");
        after(SOON);
        subscription.close();
        after(LINGER.minusMinutes(1));
        HeardLists again = new HeardLists();
        subscribe(again);
        assertThat(again.endpoints()).hasSize(1);
        after(LINGER.multipliedBy(2));
        assertThat(feeds).singleElement().satisfies(feed -> assertThat(feed.isClosed)
                .isFalse());
    }

    @Test
    @FaultRow(51)
    void forgetsAServiceThatNobodyWantsForLong() {
        subscribe(heard).close();
        after(LINGER.plusSeconds(1));
        assertThat(feeds.get(0).isClosed).isTrue();
        assertThat(scheduler.pending()).isZero();
        subscribe(heard);
        assertThat(feeds).hasSize(2);
    }

    @Test
    void tellsNothingAfterTheEndOfASubscription() {
        Subscription subscription = subscribe(heard);
        HeardLists other = new HeardLists();
        subscribe(other);
        subscription.close();
        feeds.get(0).push("a");
        after(SOON);
        assertThat(heard.count()).isZero();
        assertThat(other.count()).isEqualTo(1);
    }

    @Test
    @FaultRow(38)
    void handsManyRefreshesOverAsOne() {
        Subscription subscription = subscribe(heard);
        for (int i = 0; i < 2000; i++) {
            subscription.refresh();
        }
        after(SOON);
        assertThat(feeds.get(0).refreshes).isEqualTo(1);
    }

    @Test
    @FaultRow(40)
    void publishesAtMostTenTimesASecondAndEndsExact() {
        subscribe(heard);
        for (int i = 1; i <= 1000; i++) {
            feeds.get(0).push("a" + i);
            after(Duration.ofMillis(1));
        }
        after(SOON);
        assertThat(heard.count()).isLessThanOrEqualTo(12);
        assertThat(heard.endpoints()).extracting(Endpoint::id).containsExactly("a1000");
    }

    @Test
    void saysWhenMostServersAreReplacedAtOnce() {
        subscribe(heard);
        feeds.get(0).push("a", "b", "c", "d");
        after(SOON);
        feeds.get(0).push("a", "x", "y", "z");
        after(SOON);
        assertThat(massChanges).containsExactly("svc");
    }

    @Test
    @FaultRow(50)
    void aListenerThatThrowsHarmsNobody() {
        source.subscribe("svc", new EndpointListener() {
            @Override
            public void onEndpoints(EndpointSnapshot snapshot) {
                throw new IllegalStateException("listener");
            }

            @Override
            public void onUnavailable(String reason) {
                throw new IllegalStateException("listener");
            }
        });
        subscribe(heard);
        feeds.get(0).push("a");
        after(SOON);
        assertThat(heard.endpoints()).hasSize(1);
    }

    @Test
    @FaultRow(50)
    void aFeedThatCannotBeginIsMadeAgain() {
        failingStarts = 3;
        subscribe(heard);
        after(Duration.ofSeconds(4));
        assertThat(feeds).hasSize(4);
        feeds.get(3).push("a");
        after(SOON);
        assertThat(heard.endpoints()).hasSize(1);
    }

    @Test
    @FaultRow(51)
    void closeEndsEverything() {
        subscribe(heard);
        source.close();
        after(SOON);
        assertThat(feeds.get(0).isClosed).isTrue();
        assertThat(listsAreClosed).isTrue();
        assertThat(scheduler.pending()).isZero();
        assertThatIllegalStateException().isThrownBy(() -> source.subscribe("svc", heard));
    }

    private Subscription subscribe(EndpointListener listener) {
        Subscription subscription = source.subscribe("svc", listener);
        after(Duration.ZERO);
        return subscription;
    }

    private void after(Duration time) {
        scheduler.forward(time);
    }

    private final class PushedFeed implements Feed {

        private final String service;
        private final EndpointPublisher publisher;
        private int starts;
        private int refreshes;
        private boolean isClosed;
        private long revision;

        PushedFeed(String service, EndpointPublisher publisher) {
            this.service = service;
            this.publisher = publisher;
            feeds.add(this);
        }

        @Override
        public void start() {
            starts++;
            if (failingStarts-- > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
        }

        @Override
        public void refresh() {
            refreshes++;
        }

        @Override
        public void close() {
            isClosed = true;
        }

        void push(String... ids) {
            List<Endpoint> endpoints = IntStream.range(0, ids.length)
                    .mapToObj(i -> Endpoint.builder(service, ids[i] + ".example", 1)
                            .id(ids[i])
                            .build())
                    .toList();
            loop.execute(() -> publisher.publishSoon(++revision, () -> endpoints));
        }
    }
}
