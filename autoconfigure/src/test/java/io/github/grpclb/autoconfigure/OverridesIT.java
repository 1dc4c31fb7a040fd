package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.actuate.OverridesSection;
import io.github.grpclb.actuate.SectionQuery;
import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.OverrideStore;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** Overrides as applications meet them. */
@ExtendWith(OutputCaptureExtension.class)
class OverridesIT {

    private static final Duration LIMIT = Duration.ofSeconds(15);

    @AutoClose
    private final Opened opened = new Opened();

    @Test
    void anApplicationPutsAndEndsThem() {
        String at = "grpc.lb.etcd.endpoints="
                + opened.add(EmbeddedEtcd.start("127.0.0.1", 0)).endpoint();
        opened.add(server(at, "grpc.lb.registration.id=s1"));
        ConfigurableApplicationContext client = opened.add(client(at));
        Caller caller = client.getBean(Caller.class);
        assertThat(caller.ask()).isEqualTo("s1");
        OverrideStore store = client.getBean(OverrideStore.class);
        assertThat(store.put(disabled(false)))
                .failsWithin(LIMIT)
                .withThrowableThat()
                .withMessageContaining("none would be left");
        assertThat(store.put(disabled(true))).succeedsWithin(LIMIT);
        await().atMost(LIMIT).untilAsserted(() -> assertThatThrownBy(() -> caller.ask(fast()))
                .hasMessageContaining("ann")
                .hasMessageContaining("disk is full"));
        assertThat(caller.ask(fast().withOption(RoutingKeys.SERVER_ID, "s1"))).isEqualTo("s1");
        assertThat(measured(client, "disabled")).isEqualTo(1);
        assertThat(measured(client, "weight")).isZero();
        assertThat(store.list(null)).succeedsWithin(LIMIT).asString().contains("server-s1");
        assertThat(store.delete("greeter", "server-s1")).succeedsWithin(LIMIT).isEqualTo(true);
        await().atMost(LIMIT).ignoreExceptions().until(() -> caller.ask(fast()).equals("s1"));
        assertThat(measured(client, "disabled")).isZero();
    }

    @Test
    void itIsToldWhetherOneActsHere() {
        String at = "grpc.lb.etcd.endpoints="
                + opened.add(EmbeddedEtcd.start("127.0.0.1", 0)).endpoint();
        opened.add(server(at, "grpc.lb.registration.id=s1"));
        ConfigurableApplicationContext client =
                opened.add(client(at, "spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=grpclb"));
        OverrideStore store = client.getBean(OverrideStore.class);
        put(store, new Override.Selector.Server("s1"), new Override.Effect.Weight(5));
        put(store, new Override.Selector.Server("nobody"), new Override.Effect.Weight(5));
        put(store, new Override.Selector.All(), new Override.Effect.Policy("no_such"));
        assertThat(told(client)).as("before a call").hasSize(3).allSatisfy(each -> assertThat(each.acts())
                .isNull());
        assertThat(client.getBean(Caller.class).ask()).isEqualTo("s1");
        await().atMost(LIMIT).untilAsserted(() -> assertThat(told(client))
                .extracting(OverridesSection.Told::name, OverridesSection.Told::acts, OverridesSection.Told::because)
                .containsExactlyInAnyOrder(
                        tuple("server-s1", true, null),
                        tuple("server-nobody", false, "it is about no server that is known here"),
                        tuple(
                                "policy",
                                false,
                                "no channel picks by it: another override decides, or there is no such policy")));
    }

    private static void put(OverrideStore store, Override.Selector selector, Override.Effect effect) {
        assertThat(store.put(new OverrideStore.Draft(
                        "greeter", null, selector, effect, Duration.ofMinutes(1), "ann", "a trial", false)))
                .succeedsWithin(LIMIT);
    }

    private static List<OverridesSection.Told> told(ConfigurableApplicationContext client) {
        return ((OverridesSection.Overrides)
                        client.getBean(OverridesSection.class).read(SectionQuery.ALL))
                .overrides();
    }

    private static double measured(ConfigurableApplicationContext context, String kind) {
        return context.getBean(MeterRegistry.class)
                .get("grpc.lb.overrides")
                .tags("service", "greeter", "kind", kind)
                .gauge()
                .value();
    }

    /** As after an update of applications whose roles are those of before. */
    @Test
    void aClientThatMayNotReadThemIsWell(CapturedOutput output) throws Exception {
        EtcdProcess etcd = opened.add(EtcdServers.startProcess());
        TestServer theirs = opened.add(TestServer.start("theirs"));
        try (RawEtcd operator = new RawEtcd(etcd.endpoint())) {
            operator.put("/grpclb/greeter/1", "127.0.0.1:" + theirs.port());
            operator.enableAuth("svc", "password", "/grpclb/");
        }
        ConfigurableApplicationContext client = opened.add(client(
                "grpc.lb.etcd.endpoints=" + etcd.endpoint(),
                "grpc.lb.etcd.username=svc",
                "grpc.lb.etcd.password=password"));
        assertThat(client.getBean(Caller.class).ask()).isEqualTo("theirs");
        String said = "greeter: the overrides below /grpclb-overrides/greeter/ cannot be followed, calls go on without";
        await().atMost(LIMIT).untilAsserted(() -> assertThat(output).containsOnlyOnce(said));
        HealthIndicator health = client.getBean("grpcLbHealthIndicator", HealthIndicator.class);
        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
        assertThat(client.getBean(EtcdConnection.class).refusedBecause()).isNull();
    }

    private static CallOptions fast() {
        return CallOptions.DEFAULT.withDeadlineAfter(5, TimeUnit.SECONDS);
    }

    private static OverrideStore.Draft disabled(boolean force) {
        return new OverrideStore.Draft(
                "greeter",
                null,
                new Override.Selector.Server("s1"),
                new Override.Effect.Disabled(),
                Duration.ofMinutes(1),
                "ann",
                "disk is full",
                force);
    }
}
