package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelFactory;
import net.devh.boot.grpc.client.inject.GrpcClient;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Scope;

/** Stubs that are made before the application's other beans, as parameters of constructors are by net.devh. */
@ExtendWith(OutputCaptureExtension.class)
class EarlyStubsIT {

    private static final String[] OTHER_NAME = {
        "grpc.lb.clients.hello.service=greeter", "grpc.lb.clients.hello.policy=weighted_round_robin"
    };

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @ParameterizedTest
    @ValueSource(classes = {OfAConstructor.class, OfABeanMethod.class, OfAPrototype.class, OfAPostProcessor.class})
    void findTheServersThatAreRegistered(Class<?> application) {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext context = opened.add(client(application, at, OTHER_NAME[0], OTHER_NAME[1]));

        assertThat(context.getBean(Asker.class).ask()).isEqualTo("a");
        assertThat(context.getBean(Caller.class).ask()).isEqualTo("a");
        assertThat(context.getBean(MeterRegistry.class)
                        .find("grpc.lb.calls.started")
                        .tag("policy", "weighted_round_robin")
                        .counter())
                .isNotNull();
    }

    @Test
    void aPrototypeGetsOneEachTime() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext context = opened.add(client(OfAPrototype.class, at, OTHER_NAME[0]));
        Asker first = context.getBean(Asker.class);
        Asker second = context.getBean(Asker.class);
        assertThat(second).isNotSameAs(first);
        assertThat(first.ask() + second.ask()).isEqualTo("aa");
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc.lb.enabled=true", "grpc.lb.enabled=false"})
    void leaveTheApplicationItsMeters(String enabled, CapturedOutput output) {
        String tag = "management.metrics.tags.team=blue";
        Set<String> withAField = meters(opened.add(client(TestApplications.ClientApplication.class, at, enabled, tag)));
        int warnings = warnings(output);
        MeterRegistry registry =
                opened.add(client(OfAConstructor.class, at, enabled, tag)).getBean(MeterRegistry.class);

        assertThat(meters(registry)).isEqualTo(withAField).contains("jvm.memory.used");
        assertThat(registry.get("jvm.memory.used").tag("team", "blue").meters()).isNotEmpty();
        assertThat(warnings(output) - warnings).isEqualTo(warnings);
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc.lb.enabled=true", "grpc.lb.enabled=false"})
    void aChannelThatIsMadeBeforeAllElseLeavesTheApplicationItsMeters(String enabled) {
        Set<String> withAField = meters(opened.add(client(TestApplications.ClientApplication.class, at, enabled)));
        String tag = "management.metrics.tags.team=blue";
        MeterRegistry registry =
                opened.add(client(OfAPostProcessor.class, at, enabled, tag)).getBean(MeterRegistry.class);
        assertThat(meters(registry)).containsAll(withAField);
        assertThat(registry.get("jvm.memory.used").tag("team", "blue").meters()).isNotEmpty();
    }

    @Test
    void aCallOfAChannelThatIsMadeBeforeAllElseIsMeasured() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext context = opened.add(client(OfAPostProcessor.class, at, OTHER_NAME[0]));
        context.getBean(Asker.class).ask();
        MeterRegistry registry = context.getBean(MeterRegistry.class);
        await().untilAsserted(() -> assertThat(
                        registry.get("grpc.lb.calls.finished").timer().count())
                .isEqualTo(1));
        assertThat(meters(registry)).contains("grpc.client.processing.duration");
        assertThat(registry.get("grpc.lb.endpoints")
                        .tag("state", "ready")
                        .gauge()
                        .value())
                .isEqualTo(1);
    }

    private static int warnings(CapturedOutput output) {
        return output.getAll().split("is not eligible for getting processed", -1).length - 1;
    }

    private static Set<String> meters(ConfigurableApplicationContext context) {
        return meters(context.getBean(MeterRegistry.class));
    }

    private static Set<String> meters(MeterRegistry registry) {
        return registry.getMeters().stream()
                .map(Meter::getId)
                .map(Meter.Id::getName)
                .collect(Collectors.toSet());
    }

    static class Asker {

        private final Channel channel;

        Asker(@GrpcClient("hello") Channel channel) {
            this.channel = channel;
        }

        String ask() {
            return TestServer.ask(
                    channel, CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(20, TimeUnit.SECONDS));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Caller.class, Asker.class})
    static class OfAConstructor {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Caller.class)
    static class OfABeanMethod {

        @Bean
        Asker asker(@GrpcClient("hello") Channel channel, GrpcChannelFactory other) {
            assertThat(other).isNotNull();
            return new Asker(channel);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Caller.class)
    static class OfAPrototype {

        @Bean
        @Scope("prototype")
        Asker asker(@GrpcClient("hello") Channel channel) {
            return new Asker(channel);
        }
    }

    /** As libraries do that want to be everywhere. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Caller.class, Asker.class})
    static class OfAPostProcessor {

        @Bean
        static BeanPostProcessor early(GrpcChannelFactory channels) {
            assertThat(channels.createChannel("hello")).isNotNull();
            return new BeanPostProcessor() {};
        }
    }
}
