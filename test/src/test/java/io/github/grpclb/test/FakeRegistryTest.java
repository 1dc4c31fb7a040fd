package io.github.grpclb.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource.Subscription;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class FakeRegistryTest {

    private final FakeRegistry registry = new FakeRegistry();
    private final Heard heard = new Heard();

    @Test
    void tellsWholeListsOfTheServiceThatIsFollowed() {
        registry.put(server("a").build());
        registry.subscribe("greeter", heard);
        registry.put(server("c").build(), server("b").build());
        registry.put(Endpoint.builder("other", "10.0.0.9", 80).build());
        registry.setWeight("greeter", "b", 5);
        registry.remove("greeter", "a");
        assertThat(heard.events)
                .containsExactly("[a 1]", "[a 1, b 1, c 1]", "[a 1, b 5, c 1]", "deregistered a", "[b 5, c 1]");
    }

    @Test
    void tellsNothingWhereNothingIsAnotherOne() {
        registry.put(server("a").build());
        registry.subscribe("greeter", heard);
        registry.put(server("a").build());
        registry.recover();
        assertThat(heard.events).containsExactly("[a 1]");
    }

    @Test
    void keepsTheObjectOfAServerThatDidNotChangeAndItsRevisionWhereItDid() {
        registry.subscribe("greeter", heard);
        registry.put(server("a").build(), server("b").build());
        registry.setWeight("greeter", "b", 5);
        List<Endpoint> before = heard.snapshots.get(1).endpoints();
        List<Endpoint> after = heard.snapshots.get(2).endpoints();
        assertThat(after.get(0)).isSameAs(before.get(0));
        assertThat(after.get(1).createRevision())
                .isEqualTo(before.get(1).createRevision())
                .isPositive();
        assertThat(after.get(1).key()).isEqualTo("greeter/10.0.0.98:80");
        assertThat(heard.snapshots)
                .extracting(EndpointSnapshot::revision)
                .isSorted()
                .doesNotHaveDuplicates();
    }

    @Test
    void inAnOutageTheLastListStandsAndWhatChangedIsToldAfterIt() {
        registry.put(server("a").build(), server("b").build());
        registry.subscribe("greeter", heard);
        registry.outage();
        registry.outage();
        registry.put(server("c").build());
        registry.remove("greeter", "a");
        assertThat(heard.events).containsExactly("[a 1, b 1]", "reachable false");
        registry.recover();
        registry.recover();
        assertThat(heard.events).containsExactly("[a 1, b 1]", "reachable false", "reachable true", "[b 1, c 1]");
    }

    @Test
    void whoBeginsToFollowInAnOutageHasTheListThatWasKnown() {
        registry.put(server("a").build());
        Heard first = new Heard();
        registry.subscribe("greeter", first).close();
        registry.outage();
        registry.put(server("b").build());
        registry.subscribe("greeter", heard);
        Heard ofOther = new Heard();
        registry.subscribe("other", ofOther);
        assertThat(heard.events).containsExactly("[a 1]", "reachable false");
        assertThat(ofOther.events).containsExactly("unavailable: the fake registry is unreachable");
        registry.recover();
        assertThat(heard.events).endsWith("reachable true", "[a 1, b 1]");
        assertThat(ofOther.events).endsWith("[]");
        assertThat(first.events).containsExactly("[a 1]");
    }

    @Test
    void aMassExpiryIsNoDeregistrationAndEndsWithTheReturnOfAll() {
        registry.put(server("a").weight(3).build());
        Registration registration = registry.register(server("b").build());
        registry.subscribe("greeter", heard);
        registry.expire("greeter");
        assertThat(registration.state()).isEqualTo(Registration.State.PENDING);
        assertThat(registry.endpoints("greeter")).isEmpty();
        registry.recover();
        assertThat(registration.state()).isEqualTo(Registration.State.REGISTERED);
        assertThat(heard.events).containsExactly("[a 3, b 1]", "[]", "[a 3, b 1]");
        assertThat(heard.snapshots.get(2).endpoints().get(0).createRevision())
                .as("another key of the same server")
                .isGreaterThan(heard.snapshots.get(0).endpoints().get(0).createRevision());
    }

    @Test
    void whoIsRemovedAfterItExpiredDoesNotReturn() {
        registry.put(server("a").build(), server("b").build());
        registry.expire("greeter");
        registry.remove("greeter", "a");
        registry.put(server("b").weight(2).build());
        registry.recover();
        assertThat(registry.endpoints("greeter")).singleElement().returns(2, Endpoint::weight);
    }

    @Test
    void aServerRegistersUpdatesAndWithdraws() {
        registry.subscribe("greeter", heard);
        Registration registration = registry.register(server("a").build());
        assertThat(registration.registered()).isCompleted();
        assertThat(registration.hasOthers()).isCompletedWithValue(false);
        assertThat(registration.update(server("a").weight(4).build())).isCompleted();
        registry.put(server("b").build());
        assertThat(registration.hasOthers()).isCompletedWithValue(true);
        assertThat(registration.status().visible()).isTrue();
        assertThat(registration.withdraw()).isCompleted();
        assertThat(registration.withdraw()).isCompleted();
        assertThat(registration.update(server("a").build())).isCompleted();
        assertThat(registration.state()).isEqualTo(Registration.State.WITHDRAWN);
        assertThat(heard.events).containsExactly("[]", "[a 1]", "[a 4]", "[a 4, b 1]", "deregistered a", "[b 1]");
        assertThatThrownBy(() -> registration.update(server("b").build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("endpoint: ");
    }

    @Test
    void whatRegistersInAnOutageIsRegisteredAfterIt() {
        registry.subscribe("greeter", heard);
        registry.outage();
        Registration registration = registry.register(server("a").build());
        var updated = registration.update(server("a").weight(2).build());
        assertThat(registration.registered()).isNotDone();
        assertThat(updated).isNotDone();
        assertThat(registration.hasOthers()).isCompletedWithValue(true);
        assertThat(registration.status())
                .returns(Registration.State.PENDING, Registration.Status::state)
                .returns(false, Registration.Status::visible)
                .returns("the fake registry is unreachable", Registration.Status::reason);
        registry.recover();
        assertThat(registration.registered()).isCompleted();
        assertThat(updated).isCompleted();
        assertThat(heard.events).containsExactly("[]", "reachable false", "reachable true", "[a 2]");
    }

    @Test
    void anUpdateInAnOutageIsWrittenAfterIt() {
        Registration registration = registry.register(server("a").build());
        registry.outage();
        var updated = registration.update(server("a").weight(2).build());
        assertThat(updated).isNotDone();
        registry.recover();
        assertThat(updated).isCompleted();
        assertThat(registry.endpoints("greeter")).singleElement().returns(2, Endpoint::weight);
    }

    @Test
    void whoWithdrawsInAnOutageIsNotAnsweredAndGoneAfterIt() {
        Registration registration = registry.register(server("a").build());
        registry.subscribe("greeter", heard);
        registry.outage();
        assertThat(registration.withdraw()).isCompletedExceptionally();
        assertThat(heard.events).containsExactly("[a 1]", "reachable false");
        registry.recover();
        assertThat(heard.events).endsWith("reachable true", "[]").noneMatch(event -> event.startsWith("deregistered"));
    }

    @Test
    void aRegistrationKeepsTheWeightThatAnOperatorGaveIt() {
        Registration registration = registry.register(server("a").build());
        registry.setWeight("greeter", "a", 9);
        registry.expire("greeter");
        registry.recover();
        assertThat(registry.endpoints("greeter")).singleElement().returns(9, Endpoint::weight);
        assertThat(registration.endpoint().weight()).isEqualTo(9);
    }

    @Test
    void aRegisteredServerThatIsRemovedReturns() {
        Registration registration = registry.register(server("a").build());
        registry.remove("greeter", "a");
        assertThat(registration.state()).isEqualTo(Registration.State.PENDING);
        registry.recover();
        assertThat(registry.endpoints("greeter")).hasSize(1);
    }

    @Test
    void namesTheServersThatThereAre() {
        registry.put(
                server("a").build(), Endpoint.builder("greeter", "10.0.0.1", 80).build());
        registry.setWeight("greeter", "10.0.0.1:80", 2);
        assertThatThrownBy(() -> registry.setWeight("greeter", "x", 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("server: 'x' (expected: one of [10.0.0.1:80, a], the servers of greeter)");
        assertThatThrownBy(() -> registry.remove("greeter", "x")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> registry.setWeight("greeter", "a", -1)).hasMessageStartingWith("weight: -1");
        assertThatThrownBy(() -> registry.subscribe("no name", heard)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aSubscriptionThatWasEndedHearsNothingMore() {
        Subscription[] second = new Subscription[1];
        registry.subscribe("greeter", new EndpointListener() {
            @Override
            public void onEndpoints(EndpointSnapshot snapshot) {
                if (!snapshot.endpoints().isEmpty()) {
                    second[0].close();
                }
            }

            @Override
            public void onUnavailable(String reason) {}
        });
        second[0] = registry.subscribe("greeter", heard);
        registry.put(server("a").build());
        assertThat(heard.events).containsExactly("[]");
    }

    @Test
    void closingWithdrawsWhatRegisteredAndEndsAll() {
        Registration registration = registry.register(server("a").build());
        registry.subscribe("greeter", heard);
        registry.close();
        registry.close();
        registry.put(server("b").build());
        assertThat(registration.state()).isEqualTo(Registration.State.WITHDRAWN);
        assertThat(heard.events).containsExactly("[a 1]", "deregistered a", "[]");
        assertThatThrownBy(() -> registry.subscribe("greeter", heard)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> registry.register(server("a").build())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void hasTheSchemeOfEtcdUnlessItIsGivenAnother() {
        assertThat(registry.scheme()).isEqualTo("etcd");
        assertThat(new FakeRegistry("memory").scheme()).isEqualTo("memory");
    }

    private static Endpoint.Builder server(String id) {
        return Endpoint.builder("greeter", "10.0.0." + (int) id.charAt(0), 80)
                .id(id)
                .startedAt(1);
    }

    private static final class Heard implements EndpointListener {

        private final List<String> events = new ArrayList<>();
        private final List<EndpointSnapshot> snapshots = new ArrayList<>();

        @Override
        public void onEndpoints(EndpointSnapshot snapshot) {
            snapshots.add(snapshot);
            events.add(snapshot.endpoints().stream()
                    .map(each -> each.id() + " " + each.weight())
                    .collect(Collectors.joining(", ", "[", "]")));
        }

        @Override
        public void onUnavailable(String reason) {
            events.add("unavailable: " + reason);
        }

        @Override
        public void onDeregistered(Endpoint endpoint) {
            events.add("deregistered " + endpoint.id());
        }

        @Override
        public void onReachable(boolean reachable) {
            events.add("reachable " + reachable);
        }
    }
}
