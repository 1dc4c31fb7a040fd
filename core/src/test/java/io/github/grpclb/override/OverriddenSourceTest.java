package io.github.grpclb.override;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.override.Override.Effect;
import io.github.grpclb.override.Override.Selector;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FakeEndpointSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A registry's lists with what is overridden of them, in fake time. */
@ExtendWith(CapturedLog.Extension.class)
class OverriddenSourceTest {

    private static final Endpoint S1 =
            Endpoint.builder("svc", "10.0.0.1", 80).id("s1").weight(5).build();
    private static final Endpoint S2 =
            Endpoint.builder("svc", "10.0.0.2", 80).id("s2").build();

    private final FakeClock scheduler = new FakeClock();
    private final RegistryLoop loop = new RegistryLoop(scheduler, scheduler::nanoTime, new Random(7));
    private final FakeEndpointSource registry = new FakeEndpointSource();
    private final ToldOverrides told = new ToldOverrides();
    private final List<String> observed = new ArrayList<>();
    private final Instant start = Instant.parse("2030-01-01T12:00:00Z");
    private Duration clockIsAhead = Duration.ZERO;
    private OverriddenSource source;
    private final Heard heard = new Heard();

    @BeforeEach
    void start() {
        source = new OverriddenSource(
                registry,
                told,
                new OverrideObserver() {
                    @java.lang.Override
                    public void begun(Override override) {
                        observed.add("begun " + override.name());
                    }

                    @java.lang.Override
                    public void ended(Override override, boolean byItself) {
                        observed.add((byItself ? "ended " : "taken back ") + override.name());
                    }
                },
                loop,
                () -> now().plus(clockIsAhead));
    }

    @Test
    void passesListsOnAsTheyAreWhileNothingIsOverridden() {
        follow();
        told.tell("svc");
        publish(S1, S2);
        assertThat(heard.last().endpoints()).containsExactly(S1, S2);
        assertThat(heard.last().endpoints().get(0)).isSameAs(S1);
        told.tell("svc");
        pass(600);
        assertThat(heard.snapshots).as("silent, since nothing changes").hasSize(1);
        assertThat(scheduler.pending()).isZero();
    }

    @Test
    void appliesWhatIsOverriddenAndTakesItBack() {
        follow();
        told.tell("svc");
        publish(S1, S2);
        told.tell("svc", weight("w", "s1", 0, 600));
        pass(0);
        Endpoint changed = heard.last().endpoints().get(0);
        assertThat(changed.weight()).isZero();
        assertThat(changed.registeredWeight()).isEqualTo(5);
        assertThat(changed.overridden().causes())
                .containsExactly("weight 0 by ann until 2030-01-01T12:10:00Z: leaks memory");
        assertThat(heard.last().endpoints().get(1)).isSameAs(S2);
        assertThat(source.inForce().get("svc")).extracting(Override::name).containsExactly("w");
        told.tell("svc");
        pass(0);
        assertThat(heard.last().endpoints().get(0)).isSameAs(S1);
        assertThat(heard.snapshots).hasSize(3);
        assertThat(source.inForce()).isEmpty();
        assertThat(observed).containsExactly("begun w", "taken back w");
    }

    @Test
    void keepsTheObjectsOfEndpointsThatDidNotChange() {
        follow();
        told.tell("svc", weight("w", "s1", 0, 600), disable("d", "s2", 600));
        publish(S1, S2);
        Endpoint first = heard.last().endpoints().get(0);
        Endpoint second = heard.last().endpoints().get(1);
        Endpoint changed = S2.toBuilder().weight(3).build();
        publish(S1, changed);
        assertThat(heard.last().endpoints().get(0)).isSameAs(first);
        assertThat(heard.last().endpoints().get(1)).isNotEqualTo(second);
        told.tell("svc", weight("w", "s1", 0, 600));
        pass(0);
        assertThat(heard.last().endpoints().get(0)).isSameAs(first);
        assertThat(heard.last().endpoints().get(1)).isSameAs(changed);
    }

    @Test
    void givesAllSubscribersTheSameObjects() {
        follow();
        Heard other = new Heard();
        source.subscribe("svc", other);
        pass(0);
        told.tell("svc", weight("w", "s1", 0, 600));
        publish(S1, S2);
        assertThat(other.last()).isSameAs(heard.last());
        assertThat(told.subscriptions).as("one for the service").isEqualTo(1);
    }

    @Test
    void endsAnOverrideByItselfWhileNobodySaysAnything() {
        follow();
        told.tell("svc", weight("w", "s1", 0, 60), disable("d", "s2", 30));
        publish(S1, S2);
        assertThat(heard.last().endpoints().get(1).state()).isEqualTo(Endpoint.State.DISABLED);
        pass(29);
        assertThat(heard.last().endpoints().get(1).state()).isEqualTo(Endpoint.State.DISABLED);
        pass(1);
        assertThat(heard.last().endpoints().get(1)).isSameAs(S2);
        assertThat(heard.last().endpoints().get(0).weight()).isZero();
        pass(30);
        assertThat(heard.last().endpoints()).containsExactly(S1, S2);
        assertThat(observed).containsExactly("begun w", "begun d", "ended d", "ended w");
        told.tell("svc", weight("w", "s1", 0, 60));
        pass(0);
        assertThat(heard.last().endpoints().get(0).weight())
                .as("another one, as it is made anew")
                .isZero();
    }

    @Test
    void anOverrideThatHasEndedStaysSoThoughTheRegistryStillHasIt() {
        Override w = weight("w", "s1", 0, 60);
        follow();
        told.tell("svc", w);
        publish(S1, S2);
        pass(60);
        int before = heard.snapshots.size();
        clockIsAhead = Duration.ofHours(-1);
        told.tell("svc", w, weight("other", "s9", 1, 60));
        pass(0);
        assertThat(heard.last().endpoints()).containsExactly(S1, S2);
        publish(S1);
        assertThat(heard.last().endpoints()).containsExactly(S1);
        assertThat(heard.snapshots).as("for the list alone").hasSize(before + 1);
    }

    @Test
    void isForNoLongerThanItWasMadeForWhateverTheClock() {
        clockIsAhead = Duration.ofHours(-1); // by which 1 h and 60 s are left
        follow();
        told.tell("svc", weight("w", "s1", 0, 60));
        publish(S1, S2);
        pass(59);
        assertThat(heard.last().endpoints().get(0).weight()).isZero();
        pass(1);
        assertThat(heard.last().endpoints().get(0)).isSameAs(S1);
    }

    @Test
    void countsFromWhenItWasFirstSeenAndNoLeapOfTheClockMatters() {
        Override w = weight("w", "s1", 0, 60);
        pass(20);
        follow();
        told.tell("svc", w);
        publish(S1, S2);
        clockIsAhead = Duration.ofDays(1);
        told.tell("svc", w, weight("other", "s9", 1, 60));
        pass(39);
        assertThat(heard.last().endpoints().get(0).weight()).isZero();
        clockIsAhead = Duration.ofDays(-1);
        told.tell("svc", w);
        pass(1);
        assertThat(heard.last().endpoints().get(0)).isSameAs(S1);
    }

    @Test
    void saysOnceThatAClockIsWrong(CapturedLog log) {
        Override w = weight("w", "s1", 0, 60);
        clockIsAhead = Duration.ofHours(1);
        follow();
        told.tell("svc", w);
        publish(S1, S2);
        told.tell("svc", w, weight("other", "s2", 1, 86_400));
        pass(0);
        assertThat(heard.last().endpoints().get(0)).isSameAs(S1);
        assertThat(heard.last().endpoints().get(1).overridden()).isNotNull();
        assertThat(log.toString().lines())
                .filteredOn(line -> line.contains("a clock is wrong"))
                .singleElement()
                .asString()
                .contains("svc: w (Server[idOrAddress=s1]): weight 0 by ann")
                .contains("ended at 2030-01-01T12:01:00Z");
    }

    @Test
    void remembersWhenItEndsOverATimeWithoutSubscribers() {
        Override w = weight("w", "s1", 0, 60);
        EndpointSource.Subscription subscription = follow();
        told.tell("svc", w);
        publish(S1, S2);
        subscription.close();
        pass(50);
        assertThat(told.subscribed()).isEmpty();
        assertThat(source.inForce()).isEmpty();
        clockIsAhead = Duration.ofSeconds(-50);
        Heard again = new Heard();
        source.subscribe("svc", again);
        pass(0);
        told.tell("svc", w);
        pass(9);
        assertThat(again.last().endpoints().get(0).weight()).isZero();
        pass(1);
        assertThat(again.last().endpoints().get(0)).isSameAs(S1);
        assertThat(heard.snapshots).hasSize(1);
    }

    @Test
    void holdsAFirstListUntilOverridesAreKnown() {
        publish(S1, S2);
        follow();
        registry.reachable("svc", false);
        pass(0);
        assertThat(heard.events).isEmpty();
        told.tell("svc", weight("w", "s1", 0, 600));
        pass(0);
        assertThat(heard.events).containsExactly("2 endpoints", "reachable false");
        assertThat(heard.last().endpoints().get(0).weight()).isZero();
    }

    @Test
    void waitsForOverridesNoLongerThanHalfASecondAndThenNoMore() {
        publish(S1, S2);
        follow();
        pass(Duration.ofMillis(499));
        assertThat(heard.events).isEmpty();
        pass(Duration.ofMillis(1));
        assertThat(heard.last().endpoints()).containsExactly(S1, S2);
        Heard second = new Heard();
        registry.publish("other", S1.toBuilder().build());
        source.subscribe("other", second);
        pass(0);
        assertThat(second.events).as("nobody answers").hasSize(1);
        told.tell("svc", weight("w", "s1", 0, 600));
        pass(0);
        assertThat(heard.last().endpoints().get(0).weight()).isZero();
        Heard third = new Heard();
        registry.publish("third", S1);
        source.subscribe("third", third);
        pass(0);
        assertThat(third.events).as("somebody answers").isEmpty();
        told.tell("third");
        pass(0);
        assertThat(third.events).containsExactly("1 endpoints");
    }

    @Test
    void passesOnWhatElseTheRegistrySaysInItsOrder() {
        follow();
        told.tell("svc");
        registry.unavailable("svc", "etcd unreachable");
        publish(S1);
        registry.unused("svc", new UnusedRecords(2, List.of()));
        registry.reachable("svc", false);
        registry.reachable("svc", true);
        pass(0);
        assertThat(heard.events)
                .containsExactly(
                        "unavailable etcd unreachable", "1 endpoints", "2 unused", "reachable false", "reachable true");
    }

    @Test
    void tellsAListenerAgainThatThrew() {
        follow();
        told.tell("svc", weight("w", "s1", 0, 600));
        heard.throwing = true;
        publish(S1, S2);
        heard.throwing = false;
        pass(1);
        assertThat(heard.last().endpoints().get(0).weight()).isZero();
        assertThat(heard.events).containsExactly("2 endpoints", "reachable true");
    }

    @Test
    void goesOnWithoutOverridesWhereTheirSourceThrows() {
        told.throwing = true;
        follow();
        publish(S1, S2);
        pass(1);
        assertThat(heard.last().endpoints()).containsExactly(S1, S2);
    }

    @Test
    void bringsPoliciesAndSplitsUntilTheirEnd() {
        follow();
        told.tell("svc", made("p", new Selector.All(), new Effect.Policy("random"), 60));
        publish(S1, S2);
        assertThat(heard.last().balancing().policy()).isEqualTo("random");
        assertThat(heard.last().endpoints().get(0)).isSameAs(S1);
        pass(60);
        assertThat(heard.last().balancing()).isEqualTo(BalancingOverride.NONE);
    }

    @Test
    void refusesWhatTheRegistryRefuses() {
        assertThatThrownBy(() -> source.subscribe("/svc", heard)).isInstanceOf(IllegalArgumentException.class);
        pass(0);
        assertThat(told.subscribed()).isEmpty();
    }

    @Test
    void asksTheRegistryForTheRest() {
        EndpointSource.Subscription subscription = follow();
        subscription.refresh();
        assertThat(registry.refreshes()).isEqualTo(1);
        assertThat(source.scheme()).isEqualTo(registry.scheme());
        assertThat(source.addressRules()).isSameAs(registry.addressRules());
        subscription.close();
        subscription.close();
        pass(0);
        assertThat(registry.followers()).isZero();
        publish(S1);
        assertThat(heard.events).isEmpty();
        source.close();
        assertThat(told.closed).isTrue();
    }

    private EndpointSource.Subscription follow() {
        EndpointSource.Subscription subscription = source.subscribe("svc", heard);
        pass(0);
        return subscription;
    }

    private void publish(Endpoint... endpoints) {
        registry.publish("svc", endpoints);
        pass(0);
    }

    private void pass(int seconds) {
        pass(Duration.ofSeconds(seconds));
    }

    private void pass(Duration time) {
        scheduler.forward(time);
    }

    private Instant now() {
        return start.plusNanos(scheduler.nanoTime());
    }

    private Override weight(String name, String server, int weight, int seconds) {
        return made(name, new Selector.Server(server), new Effect.Weight(weight), seconds);
    }

    private Override disable(String name, String server, int seconds) {
        return made(name, new Selector.Server(server), new Effect.Disabled(), seconds);
    }

    /** Returns an override that somebody makes now whose clock is right. */
    private Override made(String name, Selector selector, Effect effect, int seconds) {
        return new Override(
                "svc", name, selector, effect, "ann", "leaks memory", now(), now().plusSeconds(seconds), "", 1);
    }

    /** Overrides that a test tells of. */
    private static final class ToldOverrides implements OverrideSource {

        private final Map<String, Consumer<List<Override>>> listeners = new HashMap<>();
        private int subscriptions;
        private boolean throwing;
        private boolean closed;

        void tell(String service, Override... overrides) {
            Consumer<List<Override>> listener = listeners.get(service);
            if (listener == null) {
                throw new AssertionError("nobody follows the overrides of " + service);
            }
            listener.accept(List.of(overrides));
        }

        Map<String, ?> subscribed() {
            return listeners;
        }

        @java.lang.Override
        public Subscription subscribe(String service, Consumer<List<Override>> listener) {
            if (throwing) {
                throw new IllegalStateException("on purpose");
            }
            subscriptions++;
            listeners.put(service, listener);
            return () -> listeners.remove(service);
        }

        @java.lang.Override
        public void close() {
            closed = true;
        }
    }

    private static final class Heard implements EndpointListener {

        private final List<EndpointSnapshot> snapshots = new ArrayList<>();
        private final List<String> events = new ArrayList<>();
        private boolean throwing;

        EndpointSnapshot last() {
            return snapshots.get(snapshots.size() - 1);
        }

        @java.lang.Override
        public void onEndpoints(EndpointSnapshot snapshot) {
            if (throwing) {
                throw new IllegalStateException("on purpose");
            }
            snapshots.add(snapshot);
            events.add(snapshot.endpoints().size() + " endpoints");
        }

        @java.lang.Override
        public void onUnavailable(String reason) {
            events.add("unavailable " + reason);
        }

        @java.lang.Override
        public void onUnused(UnusedRecords unused) {
            events.add(unused.total() + " unused");
        }

        @java.lang.Override
        public void onReachable(boolean reachable) {
            events.add("reachable " + reachable);
        }
    }
}
