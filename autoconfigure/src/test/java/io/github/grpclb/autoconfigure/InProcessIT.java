package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import net.devh.boot.grpc.client.inject.GrpcClient;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Tests as net.devh's documentation describes them: the server in the process of the client, without a port. */
class InProcessIT {

    private static final Map<String, Object> IN_PROCESS = Map.of(
            "grpc.server.in-process-name",
            "test",
            "grpc.server.port",
            "-1",
            "grpc.lb.registration.id",
            "in-process",
            "grpc.client.inProcess.address",
            "in-process:test");

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    void aClientReachesTheServerOfItsProcess() {
        ConfigurableApplicationContext context = opened.add(TestApplications.start(Application.class, IN_PROCESS, at));
        assertThat(context.getBean(Clients.class).askInProcess()).isEqualTo("in-process");
    }

    @Test
    void anAddressForAllClientsKeepsThemAwayFromRealServers() {
        opened.add(TestApplications.server(at, "grpc.lb.registration.id=real"));
        ConfigurableApplicationContext context = opened.add(TestApplications.start(
                Application.class,
                IN_PROCESS,
                at,
                "grpc.client.GLOBAL.address=in-process:test",
                "grpc.lb.clients.other.service=greeter",
                "grpc.lb.clients.other.policy=random",
                "grpc.lb.static.fixed=127.0.0.1:1"));
        Clients clients = context.getBean(Clients.class);
        assertThat(clients.ask(clients.other)).isEqualTo("in-process");
        assertThat(clients.ask(clients.fixed)).isEqualTo("in-process");
        assertThat(clients.askInProcess()).isEqualTo("in-process");
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({TestApplications.Who.class, Clients.class})
    static class Application {}

    static class Clients {

        @GrpcClient("inProcess")
        private Channel inProcess;

        @GrpcClient("other")
        private Channel other;

        @GrpcClient("fixed")
        private Channel fixed;

        String askInProcess() {
            return ask(inProcess);
        }

        String ask(Channel channel) {
            return TestServer.ask(
                    channel, CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(10, TimeUnit.SECONDS));
        }
    }
}
