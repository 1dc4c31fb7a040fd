package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.actuate.GrpcLbEndpoint;
import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.Opened;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;

/** Applications with the actuator, over real calls. */
class GrpcLbMetricsIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    void aCallIsSeenByOurMetersAndByThoseOfNetDevh() {
        MeterRegistry servers =
                opened.add(server(at, "grpc.lb.registration.id=a")).getBean(MeterRegistry.class);
        ConfigurableApplicationContext context = opened.add(client(at));
        MeterRegistry clients = context.getBean(MeterRegistry.class);
        context.getBean(Caller.class).ask();

        await().untilAsserted(() -> assertThat(clients.get("grpc.lb.calls.finished")
                        .tags("service", "greeter", "policy", "round_robin", "status", "OK")
                        .timer()
                        .count())
                .isEqualTo(1));
        assertThat(clients.get("grpc.lb.endpoints")
                        .tags("service", "greeter", "state", "ready")
                        .gauge()
                        .value())
                .isEqualTo(1);
        assertThat(clients.get("grpc.lb.etcd.answer.age").timeGauge().value(TimeUnit.SECONDS))
                .isBetween(0.0, 60.0);
        assertThat(names(clients)).contains("grpc.client.processing.duration", "grpc.client.attempt.started");
        assertThat(names(clients)).noneMatch(name -> name.startsWith("grpc.lb.endpoint."));

        assertThat(servers.get("grpc.lb.registrations")
                        .tag("service", "greeter")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(names(servers)).contains("grpc.server.processing.duration", "grpc.server.call.started");
    }

    @Test
    void singleEndpointsAreMeasuredWhereThatIsAskedFor() {
        opened.add(server(at, "grpc.lb.registration.id=a", "grpc.lb.registration.weight=5"));
        ConfigurableApplicationContext context = opened.add(client(at, "grpc.lb.metrics.per-endpoint=true"));
        MeterRegistry clients = context.getBean(MeterRegistry.class);
        context.getBean(Caller.class).ask();
        await().untilAsserted(() -> assertThat(clients.get("grpc.lb.endpoint.calls")
                        .tag("outcome", "success")
                        .functionCounter()
                        .count())
                .isEqualTo(1));
        assertThat(clients.get("grpc.lb.endpoint.weight").gauge().value()).isEqualTo(5);
    }

    @Test
    void theMetersOfNetDevhNeedNoneOfOurs() {
        MeterRegistry servers = opened.add(
                        server(at, "spring.autoconfigure.exclude=" + GrpcLbMetricsAutoConfiguration.class.getName()))
                .getBean(MeterRegistry.class);
        assertThat(names(servers))
                .contains("grpc.server.requests.received")
                .noneMatch(name -> name.startsWith("grpc.lb."));
    }

    @Test
    void switchedOffNothingIsMeasuredOrListenedTo() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext context = opened.add(client(at, "grpc.lb.metrics.enabled=false"));
        context.getBean(Caller.class).ask();
        assertThat(names(context.getBean(MeterRegistry.class))).noneMatch(name -> name.startsWith("grpc.lb."));
        assertThat(context.getBeanNamesForType(PickObserver.class)).isEmpty();
        assertThat(context.getBeanNamesForType(RegistryObserver.class)).isEmpty();
    }

    @Test
    void healthKnowsTheRegistrationAndTheChannels() {
        ConfigurableApplicationContext server = opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext client = opened.add(client(at));
        client.getBean(Caller.class).ask();
        await().untilAsserted(() -> assertThat(
                        health(server, "grpcLbHealthIndicator").health().getDetails())
                .containsEntry("registration", Registration.State.REGISTERED));
        assertThat(health(client, "grpcLbHealthIndicator").health().getStatus()).isEqualTo(Status.UP);
        await().untilAsserted(() -> assertThat(
                        health(client, "grpcChannelHealthIndicator").health().getDetails())
                .containsKey("greeter"));
        etcd.close();
        await().untilAsserted(() -> assertThat(
                        health(client, "grpcLbHealthIndicator").health().getStatus())
                .isEqualTo(Status.UNKNOWN));
    }

    @Test
    void theActuatorsEndpointShowsServersAndTheOwnRegistration() {
        String exposed = "management.endpoints.jmx.exposure.include=grpclb";
        GrpcLbEndpoint server = opened.add(server(at, "grpc.lb.registration.id=a", "spring.jmx.enabled=true", exposed))
                .getBean(GrpcLbEndpoint.class);
        await().untilAsserted(() -> assertThat(server.describe().registration())
                .hasFieldOrPropertyWithValue("service", "greeter")
                .hasFieldOrPropertyWithValue("state", Registration.State.REGISTERED));
        ConfigurableApplicationContext client = opened.add(client(at, "spring.jmx.enabled=true", exposed));
        client.getBean(Caller.class).ask();
        GrpcLbEndpoint.Description seen = client.getBean(GrpcLbEndpoint.class).describe();
        assertThat(seen.registration()).isNull();
        assertThat(seen.clients()).singleElement().satisfies(channel -> {
            assertThat(channel.service()).isEqualTo("greeter");
            assertThat(channel.policy()).isEqualTo("round_robin");
            assertThat(channel.endpoints()).singleElement().satisfies(endpoint -> {
                assertThat(endpoint.id()).isEqualTo("a");
                assertThat(endpoint.state()).isEqualTo(EndpointState.READY);
                assertThat(endpoint.effectiveWeight()).isEqualTo(1);
            });
        });
    }

    @Test
    void theActuatorsEndpointIsNotThereUnlessItIsExposed() {
        assertThat(opened.add(client(at)).getBeanNamesForType(GrpcLbEndpoint.class))
                .isEmpty();
    }

    private static HealthIndicator health(ConfigurableApplicationContext context, String name) {
        return context.getBean(name, HealthIndicator.class);
    }

    private static Set<String> names(MeterRegistry registry) {
        return registry.getMeters().stream()
                .map(Meter::getId)
                .map(Meter.Id::getName)
                .collect(Collectors.toSet());
    }
}
