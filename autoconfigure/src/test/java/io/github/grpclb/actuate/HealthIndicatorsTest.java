package io.github.grpclb.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.testing.FaultRow;
import io.grpc.ConnectivityState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

class HealthIndicatorsTest {

    @Test
    void aClientIsUpWhileEtcdAnswers() {
        Health health = health(null, List.of());
        assertThat(health.getStatus()).isEqualTo(Status.UP);
        assertThat(health.getDetails()).containsExactly(Map.entry("etcd", "reachable"));
    }

    @Test
    void anOutageOfEtcdIsSaidButTakesNobodyDown() {
        Health health = health("etcd unreachable: Connection refused", List.of());
        assertThat(health.getStatus()).isEqualTo(Status.UNKNOWN);
        assertThat(health.getDetails()).containsEntry("etcd", "etcd unreachable: Connection refused");
    }

    @Test
    @FaultRow({18, 19})
    void namesWhatEtcdRefusesAndTheProperties() {
        Health health = health(new Etcd(null, "etcd denies the access: permission denied"), List.of(), false);
        assertThat(health.getStatus()).isEqualTo(Status.UNKNOWN);
        assertThat(health.getDetails())
                .containsEntry("etcd", "reachable")
                .extractingByKey("refused")
                .asString()
                .contains("permission denied", "the credentials in grpc.lb.etcd.*");
    }

    @ParameterizedTest
    @EnumSource(Registration.State.class)
    void aServerIsUpOnceItIsAnnouncedAndNeverDown(Registration.State state) {
        Health health = health(null, List.of(new Announced(state, null)));
        assertThat(health.getStatus()).isEqualTo(state == Registration.State.REGISTERED ? Status.UP : Status.UNKNOWN);
        assertThat(health.getDetails())
                .containsEntry("registration", state)
                .containsEntry("service", "orders")
                .containsEntry("address", "10.0.0.1:8080");
    }

    @Test
    @FaultRow({1, 16})
    void whoeverIsNotAnnouncedSaysSinceWhenAndWhy() {
        String reason = "etcd has no space (alarm NOSPACE): etcdserver: mvcc: database space exceeded";
        Health health = health(null, List.of(new Announced(Registration.State.PENDING, reason)));
        assertThat(health.getDetails())
                .containsEntry("registration", Registration.State.PENDING)
                .containsEntry("registrationReason", reason)
                .containsEntry("registrationSeconds", 12L)
                .containsEntry("visible", false);
    }

    @Test
    void whoeverIsAnnouncedSaysWhetherItIsVisible() {
        Health health = health(null, List.of(new Announced(Registration.State.REGISTERED, null)));
        assertThat(health.getDetails())
                .containsEntry("visible", true)
                .containsEntry("visibleAfterMillis", 3L)
                .doesNotContainKey("registrationReason");
    }

    @Test
    void showsEachServiceOfAProcessThatHasSeveral() {
        Health health = health(
                null,
                List.of(
                        new Announced(Registration.State.REGISTERED, null),
                        new Announced(Registration.State.CONFLICT, "taken")));
        assertThat(health.getStatus()).isEqualTo(Status.UNKNOWN);
        assertThat(health.getDetails()).doesNotContainKey("registration");
        assertThat((List<?>) health.getDetails().get("registrations"))
                .hasSize(2)
                .first(InstanceOfAssertFactories.map(String.class, Object.class))
                .containsEntry("registration", Registration.State.REGISTERED)
                .containsEntry("service", "orders");
    }

    @Test
    void aServerThatWaitsForTheApplicationIsUp() {
        Health health = health(new Etcd(null, null), List.of(), true);
        assertThat(health.getStatus()).isEqualTo(Status.UP);
        assertThat(health.getDetails()).containsEntry("registration", "WAITING_FOR_READINESS");
    }

    @Test
    void channelsAreOutOfServiceWhileOneReachesNoServer() {
        assertThat(channels(Map.of("a", ConnectivityState.READY, "b", ConnectivityState.IDLE))
                        .getStatus())
                .isEqualTo(Status.UP);
        Health failing = channels(Map.of("a", ConnectivityState.READY, "b", ConnectivityState.TRANSIENT_FAILURE));
        assertThat(failing.getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
        assertThat(failing.getDetails()).containsEntry("b", ConnectivityState.TRANSIENT_FAILURE);
    }

    @Test
    void aChannelOfOursThatKnowsNoServerTakesNobodyDown() {
        String reason = "etcd:///a: discovery not ready: etcd unreachable: Connection refused";
        Map<String, ConnectivityState> states =
                Map.of("a", ConnectivityState.TRANSIENT_FAILURE, "b", ConnectivityState.READY);
        Health waiting = new ChannelHealthIndicator(() -> states, name -> name.equals("a") ? reason : "").health();
        assertThat(waiting.getStatus()).isEqualTo(Status.UNKNOWN);
        assertThat(waiting.getDetails())
                .containsEntry("a", "TRANSIENT_FAILURE: " + reason)
                .containsEntry("b", ConnectivityState.READY);
        Map<String, ConnectivityState> worse =
                Map.of("a", ConnectivityState.TRANSIENT_FAILURE, "b", ConnectivityState.TRANSIENT_FAILURE);
        assertThat(new ChannelHealthIndicator(() -> worse, name -> name.equals("a") ? reason : null)
                        .health()
                        .getStatus())
                .isEqualTo(Status.OUT_OF_SERVICE);
    }

    private record Etcd(
            @Nullable String unreachableBecause, @Nullable String refusedBecause) implements RegistryStatus {

        @Override
        public String name() {
            return "etcd";
        }

        @Override
        public @Nullable Duration sinceLastAnswer() {
            return null;
        }
    }

    private static Health health(@Nullable String etcdAwayBecause, List<Registration> registrations) {
        return health(new Etcd(etcdAwayBecause, null), registrations, false);
    }

    private static Health health(RegistryStatus registry, List<Registration> registrations, boolean waiting) {
        return new GrpcLbHealthIndicator(() -> RegistryHealth.of(registry, registrations, waiting)).health();
    }

    private static Health channels(Map<String, ConnectivityState> states) {
        return new ChannelHealthIndicator(() -> states).health();
    }

    private record Announced(State state, @Nullable String reason) implements Registration {

        @Override
        public Status status() {
            return new Status(state, Duration.ofSeconds(12), reason, state == State.REGISTERED, Duration.ofMillis(3));
        }

        @Override
        public Endpoint endpoint() {
            return Endpoint.builder("orders", "10.0.0.1", 8080).build();
        }

        @Override
        public CompletableFuture<Void> registered() {
            return new CompletableFuture<>();
        }

        @Override
        public CompletableFuture<Void> update(Endpoint endpoint) {
            return new CompletableFuture<>();
        }

        @Override
        public CompletableFuture<Void> withdraw() {
            return new CompletableFuture<>();
        }
    }
}
