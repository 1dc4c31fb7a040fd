package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.Ports;
import io.github.grpclb.testing.RawEtcd;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import net.devh.boot.grpc.server.config.GrpcServerProperties;
import net.devh.boot.grpc.server.serverfactory.GrpcServerLifecycle;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** A server that is announced while its application accepts traffic. */
class ReadinessIT {

    private static final String READY = "grpc.lb.registration.when=ready";
    private static final String QUIET = "grpc.lb.registration.drain.quiet-period=50ms";

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final RawEtcd operator = opened.add(new RawEtcd(etcd.endpoint()));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    void nothingIsAnnouncedBeforeTheRunnersHaveEnded() {
        ConfigurableApplicationContext context = opened.add(TestApplications.start(
                WithRunner.class,
                Map.of("grpc.server.port", "0", "grpc.server.address", "127.0.0.1"),
                at,
                READY,
                "grpc.lb.registration.service=greeter"));
        assertThat(context.getBean(WithRunner.class).announcedBefore).containsExactly(true, 0);
        awaitState("up");
    }

    @Test
    void aServerThatRefusesDrainsAndComesBackAsTheSame() {
        ConfigurableApplicationContext context = opened.add(server(at, READY, "grpc.lb.registration.id=a"));
        awaitState("up");
        String first = operator.all().firstEntry().getValue();
        Caller caller = opened.add(client(at)).getBean(Caller.class);
        assertThat(caller.ask()).isEqualTo("a");

        AvailabilityChangeEvent.publish(context, ReadinessState.REFUSING_TRAFFIC);
        awaitState("draining");
        assertThat(caller.ask()).as("nobody else can").isEqualTo("a");

        ConfigurableApplicationContext other = opened.add(server(at, READY, "grpc.lb.registration.id=b"));
        await().untilAsserted(() ->
                assertThat(List.of(caller.ask(), caller.ask(), caller.ask())).containsOnly("b"));

        AvailabilityChangeEvent.publish(context, ReadinessState.ACCEPTING_TRAFFIC);
        await().untilAsserted(() -> assertThat(operator.all().values()).contains(first));
        await().untilAsserted(
                        () -> assertThat(List.of(caller.ask(), caller.ask())).containsExactlyInAnyOrder("a", "b"));
        other.close();
    }

    @Test
    void aServerMayStopWhileItRefuses() {
        ConfigurableApplicationContext context = server(at, READY, QUIET);
        awaitState("up");
        AvailabilityChangeEvent.publish(context, ReadinessState.REFUSING_TRAFFIC);
        awaitState("draining");
        context.close();
        assertThat(operator.all()).isEmpty();
    }

    @Test
    void aServerThatStartsAgainIsAnnouncedAsTheApplicationSays() {
        ConfigurableApplicationContext context = opened.add(server(at, READY, QUIET));
        GrpcServerLifecycle server = context.getBean(GrpcServerLifecycle.class);
        awaitState("up");
        int port = context.getBean(GrpcServerProperties.class).getPort();
        server.stop();
        assertThat(operator.all()).isEmpty();
        Ports.awaitFree(port);
        server.start();
        awaitState("up");

        AvailabilityChangeEvent.publish(context, ReadinessState.REFUSING_TRAFFIC);
        server.stop();
        Ports.awaitFree(port);
        server.start();
        assertThat(context.getBean(ServerLifecycle.class).isWaiting()).isTrue();
        assertThat(operator.all()).isEmpty();
        AvailabilityChangeEvent.publish(context, ReadinessState.ACCEPTING_TRAFFIC);
        awaitState("up");
    }

    @Test
    void byDefaultTheReadinessStateIsNotFollowed() {
        ConfigurableApplicationContext context = opened.add(server(at));
        awaitState("up");
        AvailabilityChangeEvent.publish(context, ReadinessState.REFUSING_TRAFFIC);
        assertThat(context.getBean(ServerLifecycle.class).registrations())
                .singleElement()
                .satisfies(it -> assertThat(it.endpoint().state().name()).isEqualTo("UP"));
    }

    private void awaitState(String state) {
        await().untilAsserted(() ->
                assertThat(operator.all().values()).singleElement().asString().contains("\"state\":\"" + state + "\""));
    }

    /** Looks what is announced while it runs, which is before the application is ready. */
    @Configuration(proxyBeanMethods = false)
    @Import(TestApplications.ServerApplication.class)
    static class WithRunner {

        private final List<Object> announcedBefore = new CopyOnWriteArrayList<>();

        @Bean
        ApplicationRunner runner(ServerLifecycle registration) {
            return arguments -> {
                announcedBefore.add(registration.isWaiting());
                announcedBefore.add(registration.registrations().size());
            };
        }
    }
}
