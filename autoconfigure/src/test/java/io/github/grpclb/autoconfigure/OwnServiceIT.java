package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.autoconfigure.TestApplications.Who;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.Ports;
import io.grpc.CallOptions;
import io.grpc.StatusRuntimeException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import net.devh.boot.grpc.server.config.GrpcServerProperties;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** An application that is server and client of one service, and calls it as soon as it runs. */
class OwnServiceIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));

    @Test
    void itsFirstCallFindsItAlsoAfterAPause() {
        ConfigurableApplicationContext context = opened.add(start());
        assertThat(context.getBean(FirstCall.class).answer).isEqualTo("me");
        Caller caller = context.getBean(Caller.class);
        for (int i = 0; i < 10; i++) {
            context.stop();
            Ports.awaitFree(context.getBean(GrpcServerProperties.class).getPort());
            context.start();
            assertThat(caller.ask(plain())).isEqualTo("me");
        }
    }

    @Test
    void itsFirstCallFailsWhereItIsNotToWait() {
        ConfigurableApplicationContext context =
                opened.add(start("grpc.lb.initial-wait=0", "grpc.lb.registration.enabled=false"));
        assertThat(context.getBean(FirstCall.class).answer).contains("no endpoint is registered");
        assertThatThrownBy(() -> context.getBean(Caller.class).ask(plain()))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("no endpoint is registered");
    }

    private static CallOptions plain() {
        return CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    private ConfigurableApplicationContext start(String... properties) {
        return TestApplications.start(
                OwnService.class,
                Map.of(
                        "grpc.lb.etcd.endpoints",
                        etcd.endpoint(),
                        "grpc.server.port",
                        "0",
                        "grpc.server.address",
                        "127.0.0.1",
                        "grpc.lb.registration.service",
                        "greeter",
                        "grpc.lb.registration.id",
                        "me",
                        "grpc.client.GLOBAL.negotiation-type",
                        "plaintext"),
                properties);
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Who.class, Caller.class})
    static class OwnService {

        @Bean
        FirstCall firstCall(Caller caller) {
            return new FirstCall(caller);
        }
    }

    static final class FirstCall implements CommandLineRunner {

        private final Caller caller;
        private String answer = "";

        FirstCall(Caller caller) {
            this.caller = caller;
        }

        @Override
        public void run(String... args) {
            try {
                answer = caller.ask(plain());
            } catch (StatusRuntimeException e) {
                answer = e.getMessage();
            }
        }
    }
}
