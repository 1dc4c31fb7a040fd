package io.github.grpclb.resolver;

import static io.github.grpclb.resolver.ResolverScene.A;
import static io.github.grpclb.resolver.ResolverScene.draining;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The wait for a first server, where none is registered yet. */
class EndpointNameResolverInitialWaitTest {

    private final ResolverScene scene = new ResolverScene();
    private final FakeClock clock = scene.clock;
    private final FakeEndpointSource source = scene.source;

    @Test
    void waitsForAFirstServerWhereNoneIsRegisteredYet() {
        startWaiting(Duration.ofSeconds(2));
        source.publish("svc");
        clock.forward(Duration.ofMillis(1_999));
        assertThat(scene.results).isEmpty();
        source.publish("svc", A);
        clock.runDue();
        assertThat(scene.addresses()).hasSize(1);
        assertThat(clock.pending()).isZero();
    }

    @Test
    void waitsNoLongerThanItIsTold() {
        startWaiting(Duration.ofSeconds(2));
        source.publish("svc");
        clock.forward(Duration.ofMillis(1_500));
        source.publish("svc");
        clock.forward(Duration.ofMillis(499));
        assertThat(scene.results).isEmpty();
        clock.forward(Duration.ofMillis(1));
        assertThat(scene.error().getCause()).isInstanceOf(NoEndpointException.class);
        assertThat(clock.pending()).isZero();
        source.publish("svc", A);
        clock.runDue();
        assertThat(scene.addresses()).hasSize(1);
    }

    /** In a JVM that is cold, the list and the registration of its own server both take their time. */
    @Test
    void waitsFromTheFirstAnswerOn() {
        startWaiting(Duration.ofSeconds(2));
        clock.forward(Duration.ofMillis(1_900));
        source.publish("svc");
        clock.forward(Duration.ofMillis(1_999));
        assertThat(scene.results).isEmpty();
        clock.forward(Duration.ofMillis(1));
        assertThat(scene.error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    @Test
    void waitsForNoServerWhereItIsToldNotTo() {
        startWaiting(Duration.ZERO);
        source.publish("svc");
        clock.runDue();
        assertThat(scene.error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    /** Calls have failed by then. */
    @Test
    void anEmptyFirstListThatComesTooLateIsToldAtOnce() {
        startWaiting(Duration.ofSeconds(2));
        clock.forward(Duration.ofMinutes(1));
        assertThat(scene.error().getDescription()).contains("no answer yet");
        source.publish("svc");
        clock.runDue();
        assertThat(scene.error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    @Test
    @FaultRow(2)
    void aRegistryThatIsAwayIsNotWaitedFor() {
        startWaiting(Duration.ofSeconds(2));
        source.unavailable("svc", "etcd unreachable: connection refused");
        clock.runDue();
        assertThat(scene.error().getDescription()).endsWith("etcd unreachable: connection refused");
        source.publish("svc");
        clock.forward(Duration.ofSeconds(2));
        assertThat(scene.error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    /** What came and went may be the state from before a pause, told only now. */
    @Test
    void whoeverLeavesMeanwhileIsWaitedForToo() {
        startWaiting(Duration.ofHours(1));
        source.publish("svc", A);
        clock.runDue();
        source.publish("svc", draining(A));
        clock.runDue();
        source.publish("svc");
        assertAwaitedForTwoSeconds();
    }

    @Test
    void theLastServerThatLeavesLaterIsNotWaitedFor() {
        startWaiting(Duration.ofSeconds(2));
        source.publish("svc", A);
        clock.forward(Duration.ofSeconds(2));
        source.publish("svc", draining(A));
        source.publish("svc");
        clock.runDue();
        assertThat(scene.error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    @Test
    void callsWaitWhereOnlySuspectsAreKnownWhenTheApplicationGoesOn() {
        InitialWait wait = startWaiting(Duration.ofSeconds(2));
        source.publish("svc", A);
        clock.forward(Duration.ofSeconds(2));
        source.publish("svc");
        clock.runDue();
        assertThat(scene.addresses()).hasSize(1);
        assertThat(scene.unlisted().none().getCause()).isInstanceOf(NoEndpointException.class);
        wait.begin();
        assertThat(scene.addresses()).hasSize(1);
        assertThat(scene.unlisted().none().getCause()).isInstanceOf(EndpointAwaitedException.class);
        clock.forward(Duration.ofSeconds(2));
        assertThat(scene.addresses()).hasSize(1);
        assertThat(scene.unlisted().none().getCause()).isInstanceOf(NoEndpointException.class);
    }

    @Test
    void serversThatAreKnownButCannotBeLookedUpAreNotWaitedFor() {
        startWaiting(Duration.ofSeconds(2));
        source.publish("svc", Endpoint.builder("svc", "unknown.example", 80).build());
        clock.runDue();
        assertThat(scene.error().getDescription()).contains("none of the 1 endpoints has a host");
    }

    @Test
    void waitsAnewWhereTheApplicationGoesOn() {
        InitialWait wait = startWaiting(Duration.ofSeconds(2));
        source.publish("svc");
        clock.forward(Duration.ofHours(1));
        assertThat(scene.error().getCause()).isInstanceOf(NoEndpointException.class);
        wait.begin();
        assertThat(scene.error().getCause()).isInstanceOf(EndpointAwaitedException.class);
        clock.forward(Duration.ofMillis(1_999));
        wait.begin();
        assertAwaitedForTwoSeconds();
        wait.begin();
        source.publish("svc", A);
        clock.runDue();
        assertThat(scene.addresses()).hasSize(1);
        int before = scene.results.size();
        wait.begin();
        // who could not be reached is dialled again
        assertThat(scene.results).hasSize(before + 2);
        assertThat(scene.addresses()).hasSize(1);
        source.publish("svc", draining(A));
        clock.runDue();
        source.publish("svc");
        assertAwaitedForTwoSeconds();
    }

    @Test
    void waitsForNothingAfterItsShutdown() {
        InitialWait wait = startWaiting(Duration.ofSeconds(2));
        source.publish("svc");
        clock.runDue();
        scene.shutdown();
        wait.begin();
        clock.forward(Duration.ofMinutes(1));
        assertThat(scene.results).isEmpty();
        assertThat(clock.pending()).isZero();
    }

    private void assertAwaitedForTwoSeconds() {
        clock.forward(Duration.ofMillis(1_999));
        assertThat(scene.error().getCause()).isInstanceOf(EndpointAwaitedException.class);
        clock.forward(Duration.ofMillis(1));
        assertThat(scene.error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    private InitialWait startWaiting(Duration time) {
        InitialWait wait = new InitialWait(time);
        scene.start("svc", scene.args().setArg(ResolverArgs.INITIAL_WAIT, wait));
        return wait;
    }
}
