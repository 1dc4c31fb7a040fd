package io.github.grpclb.boot3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.actuate.GrpcLbEndpoint;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.grpc.GrpcClientObservationContext;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import net.devh.boot.grpc.client.inject.GrpcClient;
import net.devh.boot.grpc.server.serverfactory.GrpcServerLifecycle;
import net.devh.boot.grpc.server.service.GrpcService;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthEndpoint;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.actuate.health.Status;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** An application of Spring Boot 3 with net.devh's gRPC, over an etcd in this JVM and real gRPC. */
class Boot3IT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));

    @Test
    void runsOnSpringBoot3() {
        assertThat(SpringBootVersion.getVersion()).startsWith("3.");
    }

    @Test
    void healthShowsTheRegistration() {
        HealthIndicator indicator = start().getBean("grpcLbHealthIndicator", HealthIndicator.class);
        await().until(() -> indicator.health().getStatus().equals(Status.UP));
        Health health = indicator.health();
        assertThat(health.getDetails()).containsEntry("etcd", "reachable").containsEntry("service", "greeter");
        etcd.close();
        await().until(() -> indicator.health().getStatus().equals(Status.UNKNOWN));
    }

    @Test
    void theReadinessProbeWaitsForServerAndClient() {
        ConfigurableApplicationContext application = start(
                "management.health.grpc-lb-readiness.enabled=true",
                "management.endpoint.health.probes.enabled=true", // on its own since Spring Boot 4
                "management.endpoint.health.group.readiness.include=readinessState,grpcLbReadiness",
                "management.endpoints.jmx.exposure.include=health",
                "grpc.lb.min-ready-endpoints=1");
        HealthEndpoint endpoint = application.getBean(HealthEndpoint.class);
        await().until(() -> endpoint.healthForPath("readiness").getStatus().equals(Status.UP));
        assertThat(application
                        .getBean("grpcLbReadinessHealthIndicator", HealthIndicator.class)
                        .health()
                        .getDetails())
                .containsEntry("registration", "VISIBLE")
                .containsEntry("greeter", "1 of 1 endpoints of greeter");
        application.getBean(GrpcServerLifecycle.class).stop();
        assertThat(endpoint.healthForPath("readiness").getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
        assertThat(start().containsBean("grpcLbReadinessHealthIndicator")).isFalse();
    }

    @Test
    void healthCanBeSwitchedOff() {
        assertThat(start("management.health.grpc-lb.enabled=false").containsBean("grpcLbHealthIndicator"))
                .isFalse();
    }

    @Test
    void callsAreBalancedAndMeasured() {
        ConfigurableApplicationContext application = start();
        assertThat(application.getBean(Caller.class).ask()).isEqualTo("me");
        assertThat(application.getBean(MeterRegistry.class).getMeters())
                .extracting(meter -> meter.getId().getName())
                .anyMatch(name -> name.startsWith("grpc.lb."));
        assertThat(application.getBean(GrpcLbEndpoint.class).describe().toString())
                .contains("greeter", "me");
    }

    @Test
    void theObservationOfACallSaysWhereItWent() {
        ConfigurableApplicationContext application = start("grpc.lb.logging.mdc=true");
        application.getBean(Caller.class).ask();
        await().untilAsserted(() -> assertThat(application.getBean(Ended.class).values)
                .contains("grpc.lb.endpoint.id=me", "grpc.lb.policy=round_robin", "grpc.lb.attempt=1"));
    }

    private ConfigurableApplicationContext start(String... properties) {
        Map<String, Object> all = new HashMap<>(Map.of(
                "spring.application.name", "greeter",
                "grpc.server.port", "0",
                "grpc.server.address", "127.0.0.1",
                "grpc.client.GLOBAL.negotiation-type", "plaintext",
                "grpc.lb.etcd.endpoints", etcd.endpoint(),
                "grpc.lb.registration.id", "me",
                "grpc.lb.registration.drain.quiet-period", "0",
                "spring.jmx.enabled", "true",
                "management.endpoints.jmx.exposure.include", "grpclb"));
        for (String property : properties) {
            all.put(property.substring(0, property.indexOf('=')), property.substring(property.indexOf('=') + 1));
        }
        return opened.add(new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .properties(all)
                .registerShutdownHook(false)
                .run());
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Who.class, Caller.class, Ended.class})
    static class Application {}

    @GrpcService
    static class Who implements BindableService {

        @Override
        public ServerServiceDefinition bindService() {
            return TestServer.who("me");
        }
    }

    static class Caller {

        @GrpcClient("greeter")
        private Channel greeter;

        String ask() {
            return TestServer.ask(greeter, CallOptions.DEFAULT.withWaitForReady());
        }
    }

    /** Notes what the observations of calls had when they ended. */
    static class Ended implements ObservationHandler<GrpcClientObservationContext> {

        final List<String> values = new CopyOnWriteArrayList<>();

        @Override
        public boolean supportsContext(Observation.Context context) {
            return context instanceof GrpcClientObservationContext;
        }

        @Override
        public void onStop(GrpcClientObservationContext context) {
            context.getHighCardinalityKeyValues().forEach(each -> values.add(each.getKey() + "=" + each.getValue()));
        }
    }
}
