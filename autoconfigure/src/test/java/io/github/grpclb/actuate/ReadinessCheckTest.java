package io.github.grpclb.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.server.Announcement;
import io.github.grpclb.server.DrainOptions;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.server.ServerTraffic;
import io.github.grpclb.test.FakeRegistry;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When a server is ready, whatever becomes of its registry. */
class ReadinessCheckTest {

    private static final DrainOptions AT_ONCE =
            new DrainOptions(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ofSeconds(1));

    private final FakeRegistry registry = new FakeRegistry();
    private final ServerLifecycle server = new ServerLifecycle(registry, AT_ONCE);
    private final AtomicBoolean isStarted = new AtomicBoolean();
    private final ReadinessCheck check = new ReadinessCheck(server, null, isStarted::get);

    @Test
    void aProcessThatAnnouncesNobodyIsReady() {
        assertThat(new ReadinessCheck(null, null, () -> false).look())
                .isEqualTo(new ReadinessCheck.State(true, Map.of()));
    }

    @Test
    void aServerIsWaitedForUntilTheApplicationHasStarted() {
        assertThat(check.look()).isEqualTo(state(false, "STARTING"));
        isStarted.set(true);
        assertThat(check.look()).as("a client alone").isEqualTo(state(true, "NONE"));
    }

    @Test
    void itIsReadyOnceItIsVisible() {
        registry.outage();
        started("greeter");
        isStarted.set(true);
        assertThat(check.look().isReady()).isFalse();
        assertThat(check.look().details().get("registration")).asString().startsWith("PENDING: ");
        registry.recover();
        assertThat(check.look()).isEqualTo(state(true, "VISIBLE"));
    }

    @Test
    @FaultRow({1, 4})
    void anOutageTakesNobodyAway() {
        started("greeter");
        assertThat(check.look()).isEqualTo(state(true, "VISIBLE"));
        registry.outage();
        assertThat(check.look()).isEqualTo(state(true, "VISIBLE"));
        registry.expire("greeter");
        assertThat(check.look()).isEqualTo(state(true, "VISIBLE"));
    }

    @Test
    void whoDrainsOrHasStoppedIsNotReady() {
        isStarted.set(true);
        started("greeter");
        assertThat(check.look().isReady()).isTrue();
        server.accepting(false);
        assertThat(check.look()).isEqualTo(state(false, "DRAINING"));
        server.accepting(true);
        assertThat(check.look()).isEqualTo(state(true, "VISIBLE"));
        server.stopping();
        assertThat(check.look()).isEqualTo(state(false, "STOPPED"));
        registry.outage();
        started("greeter");
        assertThat(check.look().isReady()).as("another registration").isFalse();
    }

    @Test
    void whoIsNotAnnouncedBeforeItAcceptsIsNotReadyBefore() {
        server.accepting(false);
        started("greeter");
        assertThat(check.look()).isEqualTo(state(false, "WAITING_FOR_READINESS"));
        server.accepting(true);
        assertThat(check.look()).isEqualTo(state(true, "VISIBLE"));
    }

    @Test
    void allServicesAreToBeVisible() {
        started("greeter", "user.rpc");
        assertThat(check.look().details())
                .isEqualTo(Map.of("registration.greeter", "VISIBLE", "registration.user.rpc", "VISIBLE"));
        assertThat(check.look().isReady()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Registration.State.class)
    void whatConcernsThisServerAloneCountsAtAnyTime(Registration.State state) {
        Known known = new Known();
        ServerLifecycle server = new ServerLifecycle(known, AT_ONCE);
        server.started(Announcement.of("greeter", "127.0.0.1"), 9090, new ServerTraffic());
        ReadinessCheck check = new ReadinessCheck(server, null, () -> true);
        known.status = new Registration.Status(state, Duration.ZERO, null, false, null);
        assertThat(check.look()).as("never seen").isEqualTo(state(false, state.name()));
        known.status = new Registration.Status(Registration.State.REGISTERED, Duration.ZERO, null, true, null);
        assertThat(check.look().isReady()).isTrue();
        known.status = new Registration.Status(state, Duration.ZERO, null, false, null);
        boolean others = state == Registration.State.CONFLICT || state == Registration.State.WITHDRAWN;
        assertThat(check.look()).isEqualTo(others ? state(false, state.name()) : state(true, "VISIBLE"));
    }

    @Test
    void nobodyNeedsToHaveLookedWhileItWasVisible() {
        Known known = new Known();
        ServerLifecycle server = new ServerLifecycle(known, AT_ONCE);
        server.started(Announcement.of("greeter", "127.0.0.1"), 9090, new ServerTraffic());
        known.status = new Registration.Status(
                Registration.State.PENDING, Duration.ZERO, "etcd unreachable", false, Duration.ofMillis(3));
        assertThat(new ReadinessCheck(server, null, () -> true).look().isReady())
                .as("it was read back once")
                .isTrue();
    }

    private void started(String... services) {
        server.started(
                new Announcement(List.of(services), null, "127.0.0.1", null, 1, null, null, Map.of()),
                9090,
                new ServerTraffic());
    }

    private static ReadinessCheck.State state(boolean isReady, String registration) {
        return new ReadinessCheck.State(isReady, Map.of("registration", registration));
    }

    /** One registration of which the test says how it is getting on. */
    private static final class Known implements EndpointRegistrar, Registration {

        private @Nullable Endpoint endpoint;
        private Status status = new Status(State.PENDING, Duration.ZERO, null, false, null);

        @Override
        public Registration register(Endpoint endpoint) {
            this.endpoint = endpoint;
            return this;
        }

        @Override
        public State state() {
            return status.state();
        }

        @Override
        public Status status() {
            return status;
        }

        @Override
        public Endpoint endpoint() {
            return Objects.requireNonNull(endpoint);
        }

        @Override
        public CompletableFuture<Void> registered() {
            return new CompletableFuture<>();
        }

        @Override
        public CompletableFuture<Void> update(Endpoint endpoint) {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletableFuture<Void> withdraw() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void close() {}
    }
}
