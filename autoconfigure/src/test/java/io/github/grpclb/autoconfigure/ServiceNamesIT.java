package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelFactory;
import net.devh.boot.grpc.client.inject.GrpcClient;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Whatever name a server takes, a client calls; whatever no client could call ends the server's start. */
@FaultRow({47, 48})
@ExtendWith(OutputCaptureExtension.class)
class ServiceNamesIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @ParameterizedTest
    @ValueSource(
            strings = {"用户服务", "grüße", "a?b", "a#b", "user.rpc", "cluster@callee", "microservices/greeter", "a:b"})
    void whatAServerIsCalledAClientCalls(String service) {
        opened.add(server(at, "grpc.lb.registration.id=a", "grpc.lb.registration.service=" + service));
        ConfigurableApplicationContext client = opened.add(client(at, "grpc.lb.clients.greeter.service=" + service));
        assertThat(client.getBean(TestApplications.Caller.class).ask()).isEqualTo("a");
        assertThat(TestServer.ask(
                        client.getBean(GrpcChannelFactory.class).createChannel(service),
                        CallOptions.DEFAULT.withWaitForReady()))
                .isEqualTo("a");
    }

    /** As it had to be written before. */
    @Test
    void takesPercentEncodedNamesToo() {
        opened.add(server(at, "grpc.lb.registration.id=a", "grpc.lb.registration.service=grüße"));
        ConfigurableApplicationContext client =
                opened.add(client(at, "grpc.lb.clients.greeter.service=gr%C3%BC%C3%9Fe"));
        assertThat(client.getBean(TestApplications.Caller.class).ask()).isEqualTo("a");
        assertThat(TestServer.ask(
                        client.getBean(GrpcChannelFactory.class).createChannel("gr%C3%BC%C3%9Fe"),
                        CallOptions.DEFAULT.withWaitForReady()))
                .isEqualTo("a");
    }

    @Test
    void theCaseOfASchemeTellsNothing() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext client = opened.add(client(at, "grpc.client.greeter.address=ETCD:///greeter"));
        assertThat(client.getBean(TestApplications.Caller.class).ask()).isEqualTo("a");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            grpc.lb.registration.service=a%2Fb       | grpc.lb.registration.service | a%2Fb
            grpc.lb.registration.service=My Service  | grpc.lb.registration.service | My Service
            spring.application.name=My Service       | spring.application.name      | My Service
            """)
    void aServerThatNobodyCouldCallDoesNotStart(String property, String name, String value, CapturedOutput output) {
        assertThatThrownBy(() -> server(at, "grpc.lb.registration.service=", property))
                .isNotNull();
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains("Property: " + name, "Value: \"" + value + "\"", "Expected: ", "visible characters");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            grpc.lb.clients.greeter.service=My Service | grpc.lb.clients.greeter.service | My Service
            grpc.lb.clients.greeter.service=a%zz       | grpc.lb.clients.greeter.service | a%zz
            grpc.lb.clients.other.service=a//b         | grpc.lb.clients.other.service   | a//b
            grpc.lb.static[My Service]=127.0.0.1:1     | grpc.lb.static                  | My Service
            """)
    void aClientWhoseServiceCannotBeOneDoesNotStart(String property, String name, String value, CapturedOutput output) {
        assertThatThrownBy(() -> client(at, property)).isNotNull();
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains("Property: " + name, "Value: \"" + value + "\"", "Expected: ", "visible characters");
    }

    @Test
    void aClientWhoseOwnNameCannotBeAServiceSaysWhatToDo(CapturedOutput output) {
        assertThatThrownBy(() -> client(WithBlankName.class, at)).isNotNull();
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains(
                        "Property: grpc.lb.clients.[My Service].service",
                        "Value: (not set)",
                        "the client \"My Service\"");
    }

    @Test
    void itMayCallAServiceOfAnotherName() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        assertThat(opened.add(client(WithBlankName.class, at, "grpc.lb.clients.[My Service].service=greeter"))
                        .getBean(BlankName.class)
                        .ask())
                .isEqualTo("a");
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(BlankName.class)
    static class WithBlankName {}

    static class BlankName {

        @GrpcClient("My Service")
        private io.grpc.Channel channel;

        String ask() {
            return TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady());
        }
    }
}
