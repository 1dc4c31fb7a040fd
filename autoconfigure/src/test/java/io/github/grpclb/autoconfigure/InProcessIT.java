package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.autoconfigure.properties.ConfigurationChecksThread;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import net.devh.boot.grpc.client.inject.GrpcClient;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Tests of applications that call themselves in process, as net.devh documents them, while real servers are registered. */
@ExtendWith(OutputCaptureExtension.class)
class InProcessIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @BeforeEach
    void registerRealServers() {
        opened.add(TestApplications.server(at, "grpc.lb.registration.id=real"));
    }

    @Test
    void aClientWithSuchAnAddressDoes(CapturedOutput output) {
        Tested tested = start(
                "grpc.server.in-process-name=test",
                "grpc.client.inProcess.address=in-process:test",
                "grpc.client.other.address=in-process:test",
                "grpc.lb.clients.other.service=greeter",
                "grpc.lb.clients.other.policy=consistent_hash");
        assertThat(ask(tested.inProcess)).isEqualTo("test");
        assertThat(ask(tested.other)).isEqualTo("test");
        assertThat(ask(tested.greeter)).isEqualTo("real");
        ConfigurationChecksThread.awaitEnd();
        assertThat(output).doesNotContain("has had no effect");
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc.lb.clients.other.service=greeter", "grpc.lb.static.other=127.0.0.1:1"})
    void allClientsDoWithAnAddressForAll(String toRealServers, CapturedOutput output) {
        Tested tested =
                start("grpc.server.in-process-name=test", "grpc.client.GLOBAL.address=in-process:test", toRealServers);
        assertThat(ask(tested.inProcess)).isEqualTo("test");
        assertThat(ask(tested.other)).isEqualTo("test");
        assertThat(ask(tested.greeter)).isEqualTo("test");
        ConfigurationChecksThread.awaitEnd();
        assertThat(output).doesNotContain("has had no effect");
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc.lb.clients.other.service=greeter", "grpc.lb.static.other=127.0.0.1:1"})
    void allClientsDoWithThatSchemeByDefault(String toRealServers) {
        Tested tested = start("grpc.server.in-process-name=other", "grpc.default-scheme=in-process", toRealServers);
        assertThat(ask(tested.other)).isEqualTo("test");
    }

    @Test
    void aServersNameMayBeThatOfAnotherClient() {
        Tested tested =
                start("grpc.server.in-process-name=greeter", "grpc.client.inProcess.address=in-process:greeter");
        assertThat(ask(tested.inProcess)).isEqualTo("test");
        assertThat(ask(tested.greeter)).isEqualTo("real");
    }

    @Test
    void itsOwnAddressTakesAClientOutOfThat() {
        Tested tested = start(
                "grpc.server.in-process-name=test",
                "grpc.client.GLOBAL.address=in-process:test",
                "grpc.client.other.address=etcd:///greeter");
        assertThat(ask(tested.other)).isEqualTo("real");
        assertThat(ask(tested.greeter)).isEqualTo("test");
    }

    @Test
    void aDefaultSchemeMayBeWrittenAsTheBeginningOfATarget() {
        Tested tested = start("grpc.default-scheme=etcd:///");
        assertThat(ask(tested.greeter)).isEqualTo("real");
    }

    private Tested start(String... properties) {
        return opened.add(TestApplications.start(
                        Tested.class,
                        Map.of(
                                "grpc.server.port",
                                "-1",
                                "grpc.client.GLOBAL.negotiation-type",
                                "plaintext",
                                "grpc.lb.registration.id",
                                "test",
                                "grpc.lb.etcd.endpoints",
                                etcd.endpoint()),
                        properties))
                .getBean(Tested.class);
    }

    private static String ask(Channel channel) {
        return TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(10, TimeUnit.SECONDS));
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(TestApplications.Who.class)
    static class Tested {

        @GrpcClient("inProcess")
        private Channel inProcess;

        @GrpcClient("other")
        private Channel other;

        @GrpcClient("greeter")
        private Channel greeter;
    }
}
