package io.github.grpclb.autoconfigure;

import static io.github.grpclb.test.GrpcLbAssertions.noCallFailsWhile;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.autoconfigure.TestApplications.Who;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.test.FakeRegistry;
import io.github.grpclb.testing.Opened;
import io.grpc.CallOptions;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.io.DefaultResourceLoader;

/** Another registry: one bean of two ports and one auto-configuration, and no class of the one in etcd is there. */
class SecondRegistryIT {

    @AutoClose
    private final Opened opened = new Opened();

    /** What a registry of its own has to bring. */
    @AutoConfiguration(
            before = {GrpcLbEtcdAutoConfiguration.class, GrpcLbClientAutoConfiguration.class},
            beforeName = "io.github.grpclb.autoconfigure.GrpcLbServerAutoConfiguration")
    static class MemoryAutoConfiguration {

        @Bean
        FakeRegistry registry() {
            return new FakeRegistry("memory");
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @ImportAutoConfiguration(MemoryAutoConfiguration.class)
    @Import({Who.class, Caller.class})
    static class ServerAndClient {}

    @Test
    void registersAndCallsWithNoEtcdOnTheClassPath() {
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        FilteredClassLoader withoutEtcd = new FilteredClassLoader("io.github.grpclb.etcd", "io.etcd");
        try {
            Thread.currentThread().setContextClassLoader(withoutEtcd);
            ConfigurableApplicationContext context =
                    opened.add(start(new SpringApplicationBuilder(ServerAndClient.class)
                            .resourceLoader(new DefaultResourceLoader(withoutEtcd))));
            assertThat(context.containsBean("grpcLbEtcdConnection")).isFalse();
            Caller caller = context.getBean(Caller.class);
            await().untilAsserted(() -> assertThat(caller.ask()).isEqualTo("only"));
            FakeRegistry registry = context.getBean(FakeRegistry.class);
            assertThat(registry.endpoints("greeter")).hasSize(1);
            context.getBean(ServerLifecycle.class).stopping();
            assertThat(registry.endpoints("greeter")).isEmpty();
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    /** As the test of a user would, whose application has etcd on its class path. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Who.class, Caller.class})
    static class WithFakeRegistry {

        @Bean
        FakeRegistry registry() {
            return new FakeRegistry();
        }
    }

    @Test
    void oneBeanTakesThePlaceOfEtcd() throws Exception {
        ConfigurableApplicationContext context =
                opened.add(start(new SpringApplicationBuilder(WithFakeRegistry.class)));
        FakeRegistry registry = context.getBean(FakeRegistry.class);
        Caller caller = context.getBean(Caller.class);
        ServerLifecycle server = context.getBean(ServerLifecycle.class);
        noCallFailsWhile(() -> assertThat(caller.ask(plain())).isEqualTo("only"), () -> {
            registry.outage();
            registry.expire("greeter");
            assertThat(server.registration().orElseThrow().state()).isEqualTo(Registration.State.PENDING);
            registry.recover();
        });
        assertThat(server.registration().orElseThrow().state()).isEqualTo(Registration.State.REGISTERED);
        context.close();
        assertThat(registry.endpoints("greeter")).isEmpty();
        assertThatThrownBy(() -> registry.register(
                        Endpoint.builder("greeter", "127.0.0.1", 1).build()))
                .isInstanceOf(IllegalStateException.class);
    }

    private static CallOptions plain() {
        return CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    private static ConfigurableApplicationContext start(SpringApplicationBuilder application) {
        return application
                .web(WebApplicationType.NONE)
                .properties(Map.of(
                        "grpc.server.port",
                        "0",
                        "grpc.server.address",
                        "127.0.0.1",
                        "grpc.client.GLOBAL.negotiation-type",
                        "plaintext",
                        "grpc.lb.registration.id",
                        "only",
                        "grpc.lb.registration.drain.quiet-period",
                        "0s",
                        "grpc.lb.registration.service",
                        "greeter",
                        "grpc.lb.registration.host",
                        "127.0.0.1"))
                .run();
    }
}
