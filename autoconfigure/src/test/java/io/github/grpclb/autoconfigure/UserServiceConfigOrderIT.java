package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.autoconfigure.TestApplications.ClientApplication;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelConfigurer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** A user's configurer of channels that sets a service config, before ours and after it. */
class UserServiceConfigOrderIT {

    @AutoClose
    private final Opened opened = new Opened();

    @ParameterizedTest
    @ValueSource(classes = {First.class, Last.class})
    void theUsersRetriesAndThePropertiesPolicyHoldBoth(Class<?> application) {
        TestServer a = opened.add(TestServer.start("a"));
        TestServer b = opened.add(TestServer.start("b"));
        ConfigurableApplicationContext context = opened.add(client(
                application,
                "grpc.lb.clients.greeter.policy=weighted_round_robin",
                "grpc.lb.clients.greeter.health-check.enabled=true",
                "grpc.lb.static.greeter=127.0.0.1:" + a.port() + ",127.0.0.1:" + b.port()));
        Caller caller = context.getBean(Caller.class);
        await().untilAsserted(() -> assertThat(answers(caller)).containsOnly("a", "b"));
        a.fail(true);
        assertThat(answers(caller)).containsExactly("b");
        a.fail(false);
        a.serves(false);
        await().untilAsserted(() -> assertThat(answers(caller)).containsExactly("b"));
        assertThat(context.getBean(LiveEndpoints.class).channels())
                .extracting(LiveEndpoints.Channel::policy)
                .containsExactly("weighted_round_robin");
    }

    private static Set<String> answers(Caller caller) {
        Set<String> answers = new HashSet<>();
        for (int call = 0; call < 20; call++) {
            answers.add(caller.ask());
        }
        return answers;
    }

    private static void retry(io.grpc.ManagedChannelBuilder<?> channel) {
        channel.enableRetry()
                .defaultServiceConfig(Map.of(
                        "methodConfig",
                        List.of(Map.of(
                                "name",
                                List.of(Map.of()),
                                "retryPolicy",
                                Map.of(
                                        "maxAttempts",
                                        5.0,
                                        "initialBackoff",
                                        "0.01s",
                                        "maxBackoff",
                                        "0.01s",
                                        "backoffMultiplier",
                                        1.0,
                                        "retryableStatusCodes",
                                        List.of("INTERNAL"))))));
    }

    @Configuration(proxyBeanMethods = false)
    @Import(ClientApplication.class)
    static class First {

        @Bean
        @Order(Ordered.HIGHEST_PRECEDENCE)
        GrpcChannelConfigurer retries() {
            return (channel, client) -> retry(channel);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(ClientApplication.class)
    static class Last {

        @Bean
        @Order(Ordered.LOWEST_PRECEDENCE)
        GrpcChannelConfigurer retries() {
            return (channel, client) -> retry(channel);
        }
    }
}
