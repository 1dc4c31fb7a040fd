package io.github.grpclb.registration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class ServerRegistrationTest {

    private static final Drain DRAIN =
            new Drain(Duration.ofMillis(500), Duration.ofSeconds(10), Duration.ofSeconds(7), Duration.ofMillis(20));

    private static final Announcement GREETER =
            new Announcement("greeter", null, "10.0.0.5", null, 5, "z1", "v2", Map.of("team", "a"));

    private final List<String> events = new ArrayList<>();
    private final FakeRegistrar registrar = new FakeRegistrar();
    private long now;
    private final QuietPeriod quiet = new QuietPeriod(() -> now, nanos -> {
        now += nanos;
        events.add("waited " + nanos / 1_000_000 + " ms");
    });
    private final OpenStreams streams = new OpenStreams(() -> now, nanos -> {
        now += nanos;
        events.add("waited " + nanos / 1_000_000 + " ms for streams");
    });
    private final ServerRegistration server =
            new ServerRegistration(registrar, DRAIN, quiet, streams, () -> 1_763_600_000_000L);

    @Test
    @FaultRow(32)
    void announcesThePortThatTheServerListensOn() {
        server.started(GREETER, 8080);
        Endpoint announced = registrar.endpoint;
        assertThat(announced)
                .isEqualTo(Endpoint.builder("greeter", "10.0.0.5", 8080)
                        .id("10.0.0.5:8080")
                        .weight(5)
                        .zone("z1")
                        .version("v2")
                        .metadata(Map.of("team", "a"))
                        .startedAt(1_763_600_000_000L)
                        .build());
    }

    @Test
    void drainsThenWaitsForQuietThenWithdraws() {
        server.started(GREETER, 8080);
        server.stopping();
        assertThat(events).containsExactly("register UP", "update DRAINING", "waited 500 ms", "withdraw");
        assertThat(server.registration()).isEmpty();
    }

    @Test
    @FaultRow(23)
    void givesStreamsTheirGraceAfterItIsWithdrawn() {
        streams.add(() -> events.add("stream ended"));
        server.started(GREETER, 8080);
        server.stopping();
        assertThat(events)
                .containsExactly(
                        "register UP",
                        "update DRAINING",
                        "waited 500 ms",
                        "withdraw",
                        "waited 7000 ms for streams",
                        "stream ended");
    }

    @Test
    void givesStreamsTheirGraceAlsoWhereTheRegistryIsAway() {
        registrar.state = EndpointRegistrar.Registration.State.PENDING;
        streams.add(() -> events.add("stream ended"));
        server.started(GREETER, 8080);
        server.stopping();
        assertThat(events).containsExactly("register UP", "withdraw", "waited 7000 ms for streams", "stream ended");
    }

    @Test
    void letsStreamsBeginAgainOnceItHasStopped() {
        server.started(GREETER, 8080);
        server.stopping();
        streams.add(() -> events.add("too late"));
        assertThat(events).endsWith("too late");
        server.stopped();
        server.started(GREETER, 8081);
        streams.add(() -> events.add("ended"));
        assertThat(events).doesNotContain("ended");
    }

    @Test
    void withdrawsWithoutDrainingWhatWasNeverAnnounced() {
        registrar.state = EndpointRegistrar.Registration.State.PENDING;
        server.started(GREETER, 8080);
        server.stopping();
        assertThat(events).containsExactly("register UP", "withdraw");
    }

    @Test
    void doesNotWaitForQuietWhenClientsWereNotTold() {
        registrar.answer = new CompletableFuture<>();
        server.started(GREETER, 8080);
        server.stopping();
        assertThat(events).containsExactly("register UP", "update DRAINING", "withdraw");
    }

    @Test
    @FaultRow(31)
    void waitsOnlyOnceForARegistryThatDoesNotAnswer() {
        registrar.answer = new CompletableFuture<>() {
            @Override
            public Void get(long timeout, TimeUnit unit) throws TimeoutException {
                events.add("waited for the registry");
                throw new TimeoutException();
            }
        };
        server.started(GREETER, 8080);
        server.stopping();
        assertThat(events).containsExactly("register UP", "update DRAINING", "waited for the registry", "withdraw");
    }

    @Test
    void announcesAServerThatStartsAgain() {
        server.started(GREETER, 8080);
        server.stopping();
        server.started(GREETER, 8081);
        assertThat(registrar.endpoint.port()).isEqualTo(8081);
    }

    @Test
    void refusesASecondServer() {
        server.started(GREETER, 8080);
        assertThatThrownBy(() -> server.started(GREETER, 8081)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    @FaultRow(32)
    void stoppingAServerThatNeverStartedDoesNothing() {
        server.stopping();
        assertThat(events).isEmpty();
    }

    private final class FakeRegistrar implements EndpointRegistrar, EndpointRegistrar.Registration {

        private Endpoint endpoint;
        private State state = State.REGISTERED;
        private CompletableFuture<Void> answer = CompletableFuture.completedFuture(null);

        @Override
        public Registration register(Endpoint endpoint) {
            this.endpoint = endpoint;
            events.add("register " + endpoint.state());
            return this;
        }

        @Override
        public State state() {
            return state;
        }

        @Override
        public Status status() {
            return new Status(state, Duration.ZERO, null, true, null);
        }

        @Override
        public Endpoint endpoint() {
            return endpoint;
        }

        @Override
        public CompletableFuture<Void> registered() {
            return answer;
        }

        @Override
        public CompletableFuture<Void> update(Endpoint endpoint) {
            events.add("update " + endpoint.state());
            return answer;
        }

        @Override
        public CompletableFuture<Void> withdraw() {
            events.add("withdraw");
            return answer;
        }

        @Override
        public void close() {}
    }
}
