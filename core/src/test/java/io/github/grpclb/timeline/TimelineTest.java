package io.github.grpclb.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.timeline.Timeline.Event;
import io.github.grpclb.timeline.Timeline.Kind;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Shows that a timeline keeps what matters, and no more than it may. */
class TimelineTest {

    private final FakeClock clock = new FakeClock();
    private final Timeline timeline = new Timeline(clock::nanoTime);

    @Test
    void keepsTheLastOnes() {
        for (int i = 0; i < 2 * Timeline.MOST; i++) {
            timeline.add(Kind.POLICY, "s" + i, null, null, "changed");
            clock.forward(Duration.ofMillis(10));
        }
        List<Event> events = timeline.since(0);
        assertThat(events).hasSize(Timeline.MOST);
        assertThat(events.get(0).service()).isEqualTo("s500");
        assertThat(events.get(0).number()).isEqualTo(501);
        assertThat(timeline.last()).isEqualTo(1_000);
        assertThat(timeline.since(999)).extracting(Event::service).containsExactly("s999");
        assertThat(timeline.since(1_000)).isEmpty();
    }

    @Test
    void sumsAMassChangeUp() {
        timeline.add(Kind.POLICY, "svc", null, null, "another");
        timeline.add(Kind.LEFT, servers(10_000), each -> "gone");
        assertThat(timeline.since(1)).singleElement().satisfies(event -> {
            assertThat(event.address()).isNull();
            assertThat(event.cause())
                    .isEqualTo("10000 servers at once, such as 10.0.0.0:1, 10.0.0.0:2, 10.0.0.0:3; the first: gone");
        });
    }

    @Test
    void sumsUpWhatComesOneByOne() {
        timeline.add(Kind.POLICY, "svc", null, null, "another");
        servers(10_000).forEach(server -> {
            timeline.add(Kind.CONNECTED, server, "ready");
            clock.forward(Duration.ofMillis(1));
        });
        clock.forward(Duration.ofSeconds(1));
        List<Event> events = timeline.since(0);
        assertThat(events).hasSizeLessThan(20);
        assertThat(events.get(0).kind()).isEqualTo(Kind.POLICY);
        assertThat(events.get(events.size() - 1).cause()).isEqualTo("9990 more, the last: 10.0.0.0:10000: ready");
        timeline.add(Kind.CONNECTED, servers(1).get(0), "ready");
        assertThat(timeline.since(events.size())).extracting(Event::address).containsExactly("10.0.0.0:1");
    }

    @Test
    void keepsOnceWhatSeveralChannelsTell() {
        Endpoint server = servers(1).get(0);
        for (int channel = 0; channel < 50; channel++) {
            timeline.add(Kind.SUSPECT, server, "vanished");
            timeline.add(Kind.SUSPECT, servers(5_000), each -> "vanished");
        }
        assertThat(timeline.since(0)).hasSize(2);
    }

    @Test
    void showsAConnectionThatComesAndGoes() {
        Endpoint server = servers(1).get(0);
        timeline.add(Kind.CONNECTED, server, "ready");
        timeline.add(Kind.DISCONNECTED, server, "reset");
        timeline.add(Kind.CONNECTED, server, "ready");
        assertThat(timeline.since(0))
                .extracting(Event::kind)
                .containsExactly(Kind.CONNECTED, Kind.DISCONNECTED, Kind.CONNECTED);
    }

    @Test
    void saysAgainWhatHappensAgain() {
        Endpoint server = servers(1).get(0);
        timeline.add(Kind.EJECTED, server, "12 of 40 calls failed");
        clock.forward(Duration.ofSeconds(10));
        timeline.add(Kind.EJECTED, server, "12 of 40 calls failed");
        assertThat(timeline.since(0)).extracting(Event::nanoTime).containsExactly(0L, 10_000_000_000L);
    }

    @Test
    void bindsCausesToALength() {
        timeline.add(Kind.DISCONNECTED, servers(1).get(0), "x".repeat(10_000));
        assertThat(timeline.since(0).get(0).cause()).hasSize(501);
    }

    private static List<Endpoint> servers(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(port -> Endpoint.builder("svc", "10.0.0.0", port).build())
                .toList();
    }
}
