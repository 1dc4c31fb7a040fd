package io.github.grpclb.resolver;

import static io.github.grpclb.resolver.ResolverScene.A;
import static io.github.grpclb.resolver.ResolverScene.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.FaultRow;
import io.grpc.NameResolver.ConfigOrError;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The rules N1 to N14 for name resolvers, of docs/grpc-facts.md. Those of host names, of servers that are listed no more and of the wait
 * for a first server have tests of their own beside it.
 */
class EndpointNameResolverTest {

    private final ResolverScene scene = new ResolverScene();
    private final FakeClock clock = scene.clock;
    private final FakeEndpointSource source = scene.source;

    @Test
    @FaultRow(42)
    void deliversAListThatIsKnownAtOnce() {
        source.publish("svc", A, B);
        scene.start();
        clock.runDue();
        assertThat(scene.addresses()).hasSize(2);
        assertThat(scene.addresses().get(0).getAttributes().get(EndpointAttributes.ENDPOINT))
                .isSameAs(A);
        assertThat(clock.pending()).isZero();
    }

    @Test
    void runsNothingOfGrpcOnTheSourcesThread() {
        scene.start();
        source.publish("svc", A);
        source.unavailable("svc", "etcd unreachable");
        scene.serviceConfig.set(Map.of());
        assertThat(scene.results).isEmpty();
        clock.runDue();
        assertThat(scene.results).isNotEmpty();
    }

    @Test
    @FaultRow(40)
    void handsOnlyTheLatestOfManyListsOver() {
        scene.start();
        source.publish("svc", A);
        source.publish("svc", A, B);
        source.publish("svc", B);
        clock.runDue();
        assertThat(scene.results).hasSize(1);
        assertThat(scene.addresses()).hasSize(1);
        assertThat(scene.addresses().get(0).getAttributes().get(EndpointAttributes.ENDPOINT))
                .isSameAs(B);
    }

    @Test
    void staysSilentWhileTheFirstListMayJustBeSlow() {
        scene.start();
        clock.forward(Duration.ofMillis(4_999));
        assertThat(scene.results).isEmpty();
        clock.forward(Duration.ofMillis(1));
        assertThat(scene.error().getDescription()).isEqualTo("etcd:///svc: discovery not ready: no answer yet");
    }

    @Test
    void saysAtOnceWhyTheSourceHasNoList() {
        scene.start();
        source.unavailable("svc", "etcd unreachable: connection refused");
        clock.runDue();
        assertThat(scene.error().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(scene.error().getDescription())
                .isEqualTo("etcd:///svc: discovery not ready: etcd unreachable: connection refused");
    }

    @Test
    void saysTheNewReasonWhenItChangesAndHealsByItself() {
        scene.start();
        source.unavailable("svc", "etcd unreachable");
        clock.runDue();
        assertThat(scene.error().getDescription()).endsWith("etcd unreachable");
        source.unavailable("svc", "permission denied");
        clock.runDue();
        assertThat(scene.error().getDescription()).endsWith("permission denied");
        source.publish("svc", A);
        clock.runDue();
        assertThat(scene.addresses()).hasSize(1);
    }

    @Test
    void reportsAnEmptyListAsAnErrorAtOnce() {
        scene.start();
        source.publish("svc");
        clock.runDue();
        assertThat(scene.error().getDescription()).isEqualTo("etcd:///svc: no endpoint is registered");
        assertThat(clock.pending()).isZero();
    }

    @Test
    @FaultRow(43)
    void deliversNothingWhereNothingChanged() {
        scene.start();
        source.publish("svc", A, B);
        clock.runDue();
        source.publish("svc", A.toBuilder().build(), B);
        clock.runDue();
        assertThat(scene.results).hasSize(1);
    }

    @Test
    void deliversNothingAfterItsShutdownAndLetsTheSourceGo() {
        scene.start();
        source.publish("svc", A);
        scene.shutdown();
        source.publish("svc", B);
        scene.serviceConfig.set(Map.of());
        clock.forward(Duration.ofMinutes(1));
        assertThat(scene.results).isEmpty();
        assertThat(source.followers()).isZero();
        assertThat(clock.pending()).isZero();
    }

    @Test
    void takesTheListByItselfOnceTheExecutorRefusesNoMore() {
        scene.refusing = true;
        scene.start();
        source.publish("svc", A);
        clock.forward(Duration.ofSeconds(2));
        assertThat(scene.results).isEmpty();
        scene.refusing = false;
        clock.forward(Duration.ofSeconds(1));
        assertThat(scene.addresses()).hasSize(1);
        assertThat(clock.pending()).isZero();
        scene.refusing = true;
        source.publish("svc", B);
        scene.shutdown();
        clock.forward(Duration.ofSeconds(1));
        assertThat(clock.pending()).isZero();
    }

    @Test
    void failsWithAHintWhereTheChannelHasNoSource() {
        scene.start("svc", scene.argsWithoutSource());
        assertThat(scene.error().getDescription())
                .isEqualTo("etcd:///svc: no source of endpoints: the channel was built without"
                        + " setNameResolverArg(ResolverArgs.SOURCE, source)");
    }

    @Test
    @FaultRow(48)
    void failsWithTheReasonWhereTheSourceRefusesTheName() {
        scene.start("/svc", scene.args());
        assertThat(scene.error().getDescription())
                .isEqualTo(
                        "etcd:////svc: cannot follow the service:" + " service: '/svc' (expected: no leading slash)");
        scene.refresh();
        scene.shutdown();
    }

    @Test
    void sendsTheServiceConfigWithEachListAndAgainWhenItChanges() {
        scene.start();
        source.publish("svc", A);
        clock.runDue();
        assertThat(config()).isNull();
        scene.serviceConfig.set(Map.of("policy", "random"));
        clock.runDue();
        assertThat(config()).isEqualTo(Map.of("policy", "random"));
        assertThat(scene.addresses()).hasSize(1);
        source.publish("svc", B);
        clock.runDue();
        assertThat(config()).isEqualTo(Map.of("policy", "random"));
        scene.serviceConfig.set(null);
        clock.runDue();
        assertThat(config()).isNull();
    }

    @Test
    void staysWithTheLastGoodServiceConfig() {
        scene.start();
        source.publish("svc", A);
        scene.serviceConfig.set(Map.of("policy", "random"));
        clock.runDue();
        for (String bad : List.of("bad", "throws")) {
            scene.serviceConfig.set(Map.of(bad, true));
            clock.runDue();
            assertThat(config()).isEqualTo(Map.of("policy", "random"));
        }
    }

    @Test
    void bringsWhatIsOverriddenBesideTheListAndTakesItBack() {
        BalancingOverride random = new BalancingOverride("random", null, List.of("policy random by ann"));
        scene.start();
        source.publish("svc", A);
        clock.runDue();
        assertThat(override()).isNull();
        source.publish("svc", random, A);
        clock.runDue();
        assertThat(scene.results).hasSize(2);
        assertThat(override()).isEqualTo(random);
        assertThat(scene.endpoints().get(0)).isSameAs(A);
        source.publish("svc", random, A);
        clock.runDue();
        assertThat(scene.results).as("nothing changed").hasSize(2);
        scene.serviceConfig.set(Map.of("policy", "round_robin"));
        clock.runDue();
        assertThat(override()).isEqualTo(random);
        source.publish("svc", A);
        clock.runDue();
        assertThat(override()).isNull();
    }

    private @Nullable BalancingOverride override() {
        return scene.last().getAttributes().get(EndpointAttributes.BALANCING_OVERRIDE);
    }

    private Object config() {
        ConfigOrError config = scene.last().getServiceConfig();
        return config == null ? null : config.getConfig();
    }
}
