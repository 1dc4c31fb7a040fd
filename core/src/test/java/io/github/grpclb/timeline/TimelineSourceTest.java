package io.github.grpclb.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.timeline.Timeline.Event;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Shows what a registry's lists tell the timeline, however many channels follow them. */
class TimelineSourceTest {

    private static final EndpointListener NOBODY = new EndpointListener() {
        @Override
        public void onEndpoints(EndpointSnapshot snapshot) {}

        @Override
        public void onUnavailable(String reason) {}
    };

    private final FakeClock clock = new FakeClock();
    private final Timeline timeline = new Timeline(clock::nanoTime);
    private final List<EndpointListener> listeners = new ArrayList<>();
    private final EndpointSource source = new TimelineSource(new Lists(), timeline);
    private long revision;
    private long seen;

    @Test
    void tellsOfWhoComesAndGoesOnce() {
        source.subscribe("svc", NOBODY);
        source.subscribe("svc", NOBODY);
        publish(server(1), server(2));
        assertThat(news())
                .containsExactly(
                        "JOINED s1: listed when this process first looked",
                        "JOINED s2: listed when this process first looked");
        publish(server(2), server(3));
        assertThat(news())
                .containsExactly(
                        "LEFT s1: its record is gone from the registry: deregistered, or its lease ran out",
                        "JOINED s3: registered");
        publish(server(2), server(3));
        assertThat(news()).isEmpty();
    }

    @Test
    void tellsWhyOneLeft() {
        source.subscribe("svc", NOBODY);
        publish(server(1), server(2), server(3));
        publish(server(1), server(2).state(Endpoint.State.DRAINING), server(3));
        news();
        tell(listener -> listener.onDeregistered(server(1).build()));
        publish(server(3));
        assertThat(news()).containsExactly("LEFT s1: deregistered", "LEFT s2: left after it had drained");
    }

    @Test
    void tellsOfChanges() {
        source.subscribe("svc", NOBODY);
        publish(server(1), server(2), server(3));
        news();
        publish(
                server(1).weight(5),
                server(2).state(Endpoint.State.DRAINING),
                server(3).startedAt(2));
        assertThat(news())
                .containsExactly(
                        "JOINED s3: another process in place of the one before",
                        "DRAINING s2: its record says that it is about to leave",
                        "WEIGHT s1: from 1 to 5");
        publish(server(1), server(2), server(3).startedAt(2));
        assertThat(news())
                .containsExactly(
                        "DRAINING s2: no longer: its record says that it takes calls", "WEIGHT s1: from 5 to 1");
    }

    @Test
    void tellsOfTheRegistryOnce() {
        source.subscribe("svc", NOBODY);
        source.subscribe("svc", NOBODY);
        tell(listener -> listener.onUnavailable("etcd unreachable: refused"));
        assertThat(news()).containsExactly("REGISTRY_AWAY null: etcd unreachable: refused");
        publish(server(1));
        assertThat(news())
                .containsExactly(
                        "REGISTRY_BACK null: it answers again", "JOINED s1: listed when this process first looked");
        tell(listener -> listener.onReachable(false));
        tell(listener -> listener.onReachable(true));
        assertThat(news())
                .containsExactly(
                        "REGISTRY_AWAY null: it does not answer; the last lists stand",
                        "REGISTRY_BACK null: it answers again");
    }

    @Test
    void tellsWhatChangedWhileNobodyFollowed() {
        EndpointSource.Subscription subscription = source.subscribe("svc", NOBODY);
        publish(server(1));
        subscription.close();
        subscription.close();
        news();
        source.subscribe("svc", NOBODY);
        publish(server(1), server(2));
        assertThat(news()).containsExactly("JOINED s2: registered");
    }

    @Test
    void tellsOnceWhichRecordsAreRefused() {
        source.subscribe("svc", NOBODY);
        source.subscribe("svc", NOBODY);
        unused(refused("/svc/a", "value: ''"), refused("/svc/b\n", "port: 0"));
        assertThat(news()).containsExactly("REFUSED null: /svc/a: value: ''", "REFUSED null: /svc/b\\u000a: port: 0");
        unused(refused("/svc/a", "value: 'x'"));
        assertThat(news())
                .containsExactly(
                        "REFUSED null: /svc/a: value: 'x'",
                        "REFUSED null: /svc/b\\u000a: no longer: it can be used, or is gone");
        unused();
        assertThat(news()).containsExactly("REFUSED null: /svc/a: no longer: it can be used, or is gone");
    }

    private void unused(UnusedRecords.Unused... all) {
        tell(listener -> listener.onUnused(new UnusedRecords(all.length, List.of(all))));
    }

    private static UnusedRecords.Unused refused(String key, String why) {
        return new UnusedRecords.Unused(key, UnusedRecords.Cause.REFUSED, false, why);
    }

    private void publish(Endpoint.Builder... servers) {
        EndpointSnapshot snapshot = new EndpointSnapshot(
                "svc",
                ++revision,
                Arrays.stream(servers).map(Endpoint.Builder::build).toList());
        tell(listener -> listener.onEndpoints(snapshot));
    }

    private void tell(Consumer<EndpointListener> what) {
        listeners.forEach(what);
    }

    private List<String> news() {
        List<Event> events = timeline.since(seen);
        seen = timeline.last();
        return events.stream()
                .map(event -> event.kind() + " " + event.id() + ": " + event.cause())
                .toList();
    }

    private static Endpoint.Builder server(int number) {
        return Endpoint.builder("svc", "10.0.0.1", number).id("s" + number).startedAt(1);
    }

    private final class Lists implements EndpointSource {

        @Override
        public Subscription subscribe(String service, EndpointListener listener) {
            listeners.add(listener);
            return new Subscription() {
                @Override
                public void refresh() {}

                @Override
                public void close() {
                    listeners.remove(listener);
                }
            };
        }

        @Override
        public void close() {}
    }
}
