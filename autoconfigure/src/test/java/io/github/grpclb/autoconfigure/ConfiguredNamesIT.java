package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.autoconfigure.properties.ConfigurationChecksThread;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import java.util.Map;
import net.devh.boot.grpc.client.inject.GrpcClient;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** Clients that environment variables name, and names that mean nothing. */
@ExtendWith(OutputCaptureExtension.class)
class ConfiguredNamesIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    void environmentVariablesNameClientsWithDashesAndCapitals(CapturedOutput output) {
        opened.add(server(at, "grpc.lb.registration.id=a", "grpc.lb.registration.service=users"));
        opened.add(server(at, "grpc.lb.registration.id=b", "grpc.lb.registration.service=orders"));
        ConfigurableApplicationContext client = opened.add(withVariables(Map.of(
                "GRPC_LB_ETCD_ENDPOINTS", etcd.endpoint(),
                "GRPC_LB_CLIENTS_USERSERVICE_SERVICE", "users",
                "GRPC_LB_CLIENTS_ORDERSERVICE_SERVICE", "orders",
                "GRPC_LB_CLIENTS_ORDER_SERVICE_POLICY", "random")));
        Named named = client.getBean(Named.class);
        assertThat(ask(named.users)).isEqualTo("a");
        assertThat(ask(named.orders)).isEqualTo("b");
        ConfigurationChecksThread.awaitEnd();
        assertThat(output)
                .contains("There is no property grpc.lb.clients.order.service.policy")
                .contains("did you mean GRPC_LB_CLIENTS_ORDERSERVICE_POLICY?")
                .doesNotContain("has had no effect");
    }

    @Test
    void warnsOfNamesThatMeanNothing(CapturedOutput output) {
        opened.add(client(
                at,
                "grpc.lb.clients.nobody.service=x",
                "grpc.lb.clients.greter.policy=random",
                "grpc.lb.static.greeters=127.0.0.1:1",
                "grpc.lb.clients.clustercallee.policy=random",
                "grpc.lb.registation.weight=3"));
        ConfigurationChecksThread.awaitEnd();
        assertThat(output)
                .contains("grpc.lb.clients.nobody has had no effect: no stub or channel is called \"nobody\";"
                        + " there are cluster@callee, greeter")
                .contains("grpc.lb.clients.greter has had no effect: no stub or channel is called \"greter\";"
                        + " did you mean \"greeter\"?")
                .contains("grpc.lb.static.greeters has had no effect")
                .contains("There is no property grpc.lb.registation.weight")
                .contains("did you mean grpc.lb.registration.weight?")
                .doesNotContain("clients.clustercallee");
    }

    @Test
    void saysNothingOfClientsThatMayComeLater(CapturedOutput output) {
        opened.add(client(at, "grpc.lb.clients.nobody.service=x", "spring.main.lazy-initialization=true"));
        ConfigurationChecksThread.awaitEnd();
        assertThat(output).doesNotContain("has had no effect");
    }

    @Test
    void saysNothingWhereAllIsUsed(CapturedOutput output) {
        opened.add(client(at, "grpc.lb.clients.greeter.policy=random", "grpc.lb.policy=random"));
        opened.add(server(at, "grpc.lb.registration.metadata.team=x"));
        ConfigurationChecksThread.awaitEnd();
        assertThat(output).doesNotContain("has had no effect", "There is no property");
    }

    private static String ask(Channel channel) {
        return TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady());
    }

    private static ConfigurableApplicationContext withVariables(Map<String, Object> variables) {
        return new SpringApplicationBuilder(NamedApplication.class)
                .web(WebApplicationType.NONE)
                .properties("grpc.server.port=-1", "grpc.client.GLOBAL.negotiation-type=plaintext")
                .initializers(context -> context.getEnvironment()
                        .getPropertySources()
                        .addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment", variables)))
                .registerShutdownHook(false)
                .run();
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Named.class)
    static class NamedApplication {}

    static class Named {

        @GrpcClient("user-service")
        private Channel users;

        @GrpcClient("OrderService")
        private Channel orders;
    }
}
