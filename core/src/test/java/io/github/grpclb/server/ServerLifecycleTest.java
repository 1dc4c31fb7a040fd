package io.github.grpclb.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class ServerLifecycleTest {

    private static final DrainOptions DRAIN = new DrainOptions(
            Duration.ofMillis(500), Duration.ofSeconds(10), Duration.ofSeconds(7), Duration.ofMillis(20));

    private static final Announcement GREETER =
            new Announcement(List.of("greeter"), null, "10.0.0.5", null, 5, "z1", "v2", Map.of("team", "a"));

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
    private final ServerTraffic traffic = new ServerTraffic(quiet, streams);
    private final ServerLifecycle server = new ServerLifecycle(registrar, DRAIN, () -> 1_763_600_000_000L, () -> now);

    @Test
    @FaultRow(32)
    void announcesThePortThatTheServerListensOn() {
        server.started(GREETER, 8080, traffic);
        assertThat(registrar.last().endpoint())
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
        server.started(GREETER, 8080, traffic);
        server.stopping();
        assertThat(events).containsExactly("register UP", "update DRAINING", "waited 500 ms", "withdraw");
        assertThat(server.registration()).isEmpty();
    }

    @Test
    void waitsForNoQuietWhereNobodyElseCouldTakeItsCallsOver() {
        registrar.others = CompletableFuture.completedFuture(false);
        for (int i = 0; i < 2; i++) {
            server.started(GREETER, 8080, traffic);
            server.stopping();
        }
        assertThat(events)
                .containsExactly(
                        "register UP", "update DRAINING", "withdraw", "register UP", "update DRAINING", "withdraw");
    }

    @Test
    void waitsForQuietWhereItCannotBeToldWhetherThereAreOthers() {
        registrar.others = CompletableFuture.failedFuture(new IllegalStateException("on purpose"));
        server.started(GREETER, 8080, traffic);
        server.stopping();
        assertThat(events).containsExactly("register UP", "update DRAINING", "waited 500 ms", "withdraw");
    }

    @Test
    @FaultRow(23)
    void givesStreamsTheirGraceAfterItIsWithdrawn() {
        streams.add(() -> events.add("stream ended"));
        server.started(GREETER, 8080, traffic);
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
        registrar.state = State.PENDING;
        streams.add(() -> events.add("stream ended"));
        server.started(GREETER, 8080, traffic);
        server.stopping();
        assertThat(events).containsExactly("register UP", "withdraw", "waited 7000 ms for streams", "stream ended");
    }

    @Test
    void endsNoStreamOfAnotherServer() {
        ServerTraffic others = new ServerTraffic();
        others.streams().add(() -> events.add("ended"));
        server.started(GREETER, 8080, traffic);
        server.stopping();
        others.streams().add(() -> events.add("ended"));
        assertThat(events).doesNotContain("ended");
    }

    @Test
    void withdrawsWithoutDrainingWhatWasNeverAnnounced() {
        registrar.state = State.PENDING;
        server.started(GREETER, 8080, traffic);
        server.stopping();
        assertThat(events).containsExactly("register UP", "withdraw");
    }

    @Test
    void doesNotWaitForQuietWhenClientsWereNotTold() {
        registrar.answer = new CompletableFuture<>();
        server.started(GREETER, 8080, traffic);
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
        server.started(GREETER, 8080, traffic);
        server.stopping();
        assertThat(events).containsExactly("register UP", "update DRAINING", "waited for the registry", "withdraw");
    }

    @Test
    void announcesAServerThatStartsAgain() {
        server.started(GREETER, 8080, traffic);
        server.stopping();
        server.started(GREETER, 8081, traffic);
        assertThat(registrar.last().endpoint().port()).isEqualTo(8081);
    }

    @Test
    void refusesASecondServer() {
        server.started(GREETER, 8080, traffic);
        assertThatThrownBy(() -> server.started(GREETER, 8081, traffic)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    @FaultRow(32)
    void stoppingAServerThatNeverStartedDoesNothing() {
        server.stopping();
        assertThat(events).isEmpty();
    }

    @Test
    void announcesEachServiceAndDrainsAllBeforeItWaitsOnce() {
        server.started(both(), 8080, traffic);
        assertThat(server.registrations())
                .extracting(it -> it.endpoint().service() + " " + it.endpoint().address() + " "
                        + it.endpoint().weight())
                .containsExactly("greeter 10.0.0.5:8080 5", "admin 10.0.0.5:8080 5");
        server.stopping();
        assertThat(events)
                .containsExactly(
                        "register UP",
                        "register admin UP",
                        "update DRAINING",
                        "update admin DRAINING",
                        "waited 500 ms",
                        "withdraw",
                        "withdraw admin");
        assertThat(server.registrations()).isEmpty();
    }

    @Test
    void waitsForQuietWhereTheClientsOfOneServiceWereTold() {
        registrar.answers.put("admin", new CompletableFuture<>());
        server.started(both(), 8080, traffic);
        server.stopping();
        assertThat(events).contains("waited 500 ms").endsWith("withdraw", "withdraw admin");
    }

    @Test
    void drainsTheServiceThatIsRegisteredWhereAnotherIsNot() {
        server.started(both(), 8080, traffic);
        registrar.all.get(0).state = State.CONFLICT;
        server.stopping();
        assertThat(events)
                .containsExactly(
                        "register UP",
                        "register admin UP",
                        "update admin DRAINING",
                        "waited 500 ms",
                        "withdraw",
                        "withdraw admin");
    }

    @Test
    void takesBackWhatItAnnouncedWhereOneServiceIsRefused() {
        registrar.refused = "admin";
        assertThatThrownBy(() -> server.started(both(), 8080, traffic)).isInstanceOf(IllegalArgumentException.class);
        assertThat(events).containsExactly("register UP", "withdraw");
        assertThat(server.registrations()).isEmpty();
    }

    @Test
    void waitsWithTheAnnouncementUntilItAcceptsCalls() {
        server.accepting(false);
        server.started(GREETER, 8080, traffic);
        assertThat(events).isEmpty();
        assertThat(server.isWaiting()).isTrue();
        server.accepting(true);
        server.accepting(true);
        assertThat(events).containsExactly("register UP");
        assertThat(server.isWaiting()).isFalse();
        assertThat(registrar.last().endpoint().startedAt()).isEqualTo(1_763_600_000_000L);
    }

    @Test
    void announcesAtItsStartWhatAcceptsCallsAlready() {
        server.accepting(false);
        server.accepting(true);
        assertThat(events).isEmpty();
        server.started(GREETER, 8080, traffic);
        assertThat(events).containsExactly("register UP");
    }

    @Test
    void drainsWhileItDoesNotAcceptAndKeepsWhatAnOperatorHasSet() {
        server.started(both(), 8080, traffic);
        Registered greeter = registrar.all.get(0);
        greeter.endpoint = greeter.endpoint.toBuilder().weight(9).build();
        server.accepting(false);
        assertThat(events).endsWith("update DRAINING", "update admin DRAINING");
        assertThat(greeter.endpoint.weight()).isEqualTo(9);
        server.accepting(true);
        assertThat(events).endsWith("update UP", "update admin UP").doesNotContain("withdraw");
        assertThat(greeter.endpoint.weight()).isEqualTo(9);
        assertThat(registrar.all).hasSize(2);
    }

    @Test
    void stopsWhileItDoesNotAccept() {
        server.started(GREETER, 8080, traffic);
        server.accepting(false);
        server.stopping();
        assertThat(events)
                .containsExactly("register UP", "update DRAINING", "update DRAINING", "waited 500 ms", "withdraw");
        server.accepting(true);
        assertThat(events).endsWith("withdraw");
    }

    @Test
    void stopsWithoutAWordBeforeItEverAccepted() {
        server.accepting(false);
        server.started(GREETER, 8080, traffic);
        server.stopping();
        server.accepting(true);
        assertThat(events).isEmpty();
        assertThat(server.isWaiting()).isFalse();
    }

    @Test
    void startsAgainAsItWasLastToldToAccept() {
        server.started(GREETER, 8080, traffic);
        server.accepting(false);
        server.stopping();
        server.started(GREETER, 8081, traffic);
        assertThat(events).endsWith("withdraw");
        server.accepting(true);
        assertThat(events).endsWith("register UP");
        assertThat(registrar.last().endpoint().port()).isEqualTo(8081);
    }

    @Test
    void drainsOnRequestAndGoesOn() {
        server.onDrain(draining -> events.add("draining " + draining));
        server.started(both(), 8080, traffic);
        assertThat(server.drainStatus().state()).isEqualTo(DrainStatus.State.NONE);
        assertThat(server.drain().state()).isEqualTo(DrainStatus.State.DRAINING);
        assertThat(server.drain().told()).isTrue();
        assertThat(events)
                .containsExactly(
                        "register UP",
                        "register admin UP",
                        "update DRAINING",
                        "update admin DRAINING",
                        "draining true");
        now += 500_000_000;
        assertThat(server.drainStatus().state()).isEqualTo(DrainStatus.State.QUIET);
        assertThat(server.drainStatus().forTime()).isEqualTo(Duration.ofMillis(500));
        assertThat(server.registrations()).hasSize(2);
    }

    @Test
    void aNewCallPutsQuietOffUntilTheTimeIsUp() {
        server.started(GREETER, 8080, traffic);
        server.drain();
        for (int i = 0; i < 25; i++) {
            assertThat(server.drainStatus().mayStop()).isFalse();
            now += 400_000_000;
            quiet.callArrived();
        }
        assertThat(server.drainStatus().state()).isEqualTo(DrainStatus.State.OVERDUE);
        assertThat(server.drainStatus().quietFor()).isZero();
    }

    @Test
    void aDrainThatWasAskedForIsWaitedFor() {
        server.started(GREETER, 8080, traffic);
        assertThat(server.awaitDrain().state()).isEqualTo(DrainStatus.State.NONE);
        server.drain();
        now += 200_000_000;
        assertThat(server.awaitDrain().state()).isEqualTo(DrainStatus.State.QUIET);
        assertThat(events).containsExactly("register UP", "update DRAINING", "waited 300 ms");
    }

    @Test
    void aStopAfterADrainDoesNotWaitAnew() {
        server.started(GREETER, 8080, traffic);
        server.drain();
        now += 500_000_000;
        server.stopping();
        assertThat(events).containsExactly("register UP", "update DRAINING", "update DRAINING", "withdraw");
        assertThat(server.drainStatus().state()).isEqualTo(DrainStatus.State.ABSENT);
    }

    @Test
    void aStopDuringADrainWaitsForTheRestOfIt() {
        server.started(GREETER, 8080, traffic);
        server.drain();
        now += 100_000_000;
        server.stopping();
        assertThat(events).contains("waited 400 ms").endsWith("withdraw");
    }

    @Test
    void aStopAfterADrainThatNeverBecameQuietDoesNotWait() {
        server.started(GREETER, 8080, traffic);
        server.drain();
        now += 10_000_000_000L;
        quiet.callArrived();
        server.stopping();
        assertThat(events).containsExactly("register UP", "update DRAINING", "update DRAINING", "withdraw");
    }

    @Test
    void aDrainIsTakenBack() {
        server.onDrain(draining -> events.add("draining " + draining));
        server.started(GREETER, 8080, traffic);
        assertThat(server.endDrain().state()).isEqualTo(DrainStatus.State.NONE);
        server.drain();
        assertThat(server.endDrain().state()).isEqualTo(DrainStatus.State.NONE);
        assertThat(events)
                .containsExactly("register UP", "update DRAINING", "draining true", "update UP", "draining false");
        server.stopping();
        assertThat(events).endsWith("update DRAINING", "waited 500 ms", "withdraw");
    }

    @Test
    void aServerThatIsNotAcceptingStaysDrainedWhenADrainIsTakenBack() {
        server.started(GREETER, 8080, traffic);
        server.accepting(false);
        server.drain();
        server.endDrain();
        assertThat(events).endsWith("update DRAINING", "update DRAINING", "update DRAINING");
        server.drain();
        server.accepting(true);
        assertThat(registrar.last().endpoint().state()).isEqualTo(Endpoint.State.DRAINING);
        server.endDrain();
        assertThat(registrar.last().endpoint().state()).isEqualTo(Endpoint.State.UP);
    }

    @Test
    void oneThatIsDrainedBeforeItAcceptsIsAnnouncedAsDraining() {
        server.accepting(false);
        server.started(GREETER, 8080, traffic);
        assertThat(server.drain().state()).isEqualTo(DrainStatus.State.QUIET);
        server.accepting(true);
        assertThat(events).containsExactly("register DRAINING");
        server.endDrain();
        assertThat(events).endsWith("update UP");
    }

    @Test
    void aDrainWhereNobodyElseIsIsQuietAtOnce() {
        registrar.others = CompletableFuture.completedFuture(false);
        server.started(GREETER, 8080, traffic);
        assertThat(server.drain().state()).isEqualTo(DrainStatus.State.QUIET);
        server.awaitDrain();
        assertThat(events).doesNotContain("waited 500 ms");
    }

    @Test
    void aDrainThatTheRegistryDoesNotHearOfIsNotWaitedForLonger() {
        registrar.answer = new CompletableFuture<>();
        server.started(GREETER, 8080, traffic);
        assertThat(server.drain().state()).isEqualTo(DrainStatus.State.DRAINING);
        now += 20_000_000;
        assertThat(server.awaitDrain().state()).isEqualTo(DrainStatus.State.OVERDUE);
        assertThat(server.drainStatus().told()).isFalse();
        registrar.answer.complete(null);
        assertThat(server.drainStatus().state()).isEqualTo(DrainStatus.State.DRAINING);
        assertThat(server.awaitDrain().state()).isEqualTo(DrainStatus.State.QUIET);
    }

    @Test
    void aServerThatStartsAgainIsNotDrained() {
        server.started(GREETER, 8080, traffic);
        server.drain();
        server.stopping();
        server.started(GREETER, 8081, traffic);
        assertThat(events).endsWith("register UP");
        assertThat(server.drainStatus().state()).isEqualTo(DrainStatus.State.NONE);
    }

    @Test
    void nothingIsDrainedWhereNothingRuns() {
        assertThat(server.drain().state()).isEqualTo(DrainStatus.State.ABSENT);
        assertThat(server.drain().mayStop()).isTrue();
        assertThat(events).isEmpty();
    }

    private static Announcement both() {
        return new Announcement(List.of("greeter", "admin"), null, "10.0.0.5", null, 5, "z1", "v2", Map.of());
    }

    /** Notes what is asked for; {@code greeter} is not named. */
    private final class FakeRegistrar implements EndpointRegistrar {

        private final List<Registered> all = new ArrayList<>();
        private final Map<String, CompletableFuture<Void>> answers = new HashMap<>();
        private State state = State.REGISTERED;
        private CompletableFuture<Boolean> others = CompletableFuture.completedFuture(true);
        private CompletableFuture<Void> answer = CompletableFuture.completedFuture(null);
        private String refused = "";

        @Override
        public Registration register(Endpoint endpoint) {
            if (endpoint.service().equals(refused)) {
                throw new IllegalArgumentException("refused on purpose");
            }
            Registered registered = new Registered(endpoint, state);
            all.add(registered);
            registered.note("register", " " + endpoint.state());
            return registered;
        }

        private Registered last() {
            return all.get(all.size() - 1);
        }

        @Override
        public void close() {}
    }

    private final class Registered implements EndpointRegistrar.Registration {

        private Endpoint endpoint;
        private State state;

        Registered(Endpoint endpoint, State state) {
            this.endpoint = endpoint;
            this.state = state;
        }

        private void note(String what, String more) {
            events.add(what + (endpoint.service().equals("greeter") ? "" : " " + endpoint.service()) + more);
        }

        private CompletableFuture<Void> answer() {
            return registrar.answers.getOrDefault(endpoint.service(), registrar.answer);
        }

        @Override
        public CompletableFuture<Boolean> hasOthers() {
            return registrar.others;
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
            return answer();
        }

        @Override
        public CompletableFuture<Void> update(Endpoint wanted) {
            endpoint = wanted;
            note("update", " " + endpoint.state());
            return answer();
        }

        @Override
        public CompletableFuture<Void> withdraw() {
            note("withdraw", "");
            return answer();
        }
    }
}
