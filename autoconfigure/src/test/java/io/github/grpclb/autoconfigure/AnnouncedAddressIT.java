package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.server.HostChoice;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.TcpProxy;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import net.devh.boot.grpc.server.config.GrpcServerProperties;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Which address stands in a real etcd, and when; and whether a client reaches it. */
@ExtendWith(OutputCaptureExtension.class)
class AnnouncedAddressIT {

    private static final String PREFIX = "/grpclb/greeter/";

    /** etcd's revision while nothing was ever written. */
    private static final long UNTOUCHED = 1;

    @AutoClose
    private final Opened opened = new Opened();

    private final EtcdProcess etcd = opened.add(EtcdServers.startProcess());
    private final RawEtcd operator = opened.add(new RawEtcd(etcd.endpoint()));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    @FaultRow(32)
    void theRealPortIsAnnouncedWhereAnyIsAskedFor() {
        ConfigurableApplicationContext server =
                opened.add(server(at, "grpc.server.port=0", "grpc.lb.registration.id=a"));
        int port = server.getBean(GrpcServerProperties.class).getPort();
        assertThat(port).isPositive();
        awaitKeys("127.0.0.1:" + port);
        assertThat(ask()).isEqualTo("a");
    }

    @Test
    @FaultRow(32)
    void nothingIsAnnouncedWhereThePortIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> server(at, "grpc.server.port=" + taken.getLocalPort()))
                    .hasStackTraceContaining("in use");
        }
        assertThat(operator.revision()).isEqualTo(UNTOUCHED);
    }

    @Test
    @FaultRow(32)
    void nothingIsAnnouncedWhereTheStartFailsBeforeTheServerListens() {
        assertThatThrownBy(() -> TestApplications.start(
                        FailsToStart.class,
                        Map.of("grpc.server.port", "0"),
                        at,
                        "grpc.server.address=127.0.0.1",
                        "grpc.lb.registration.service=greeter"))
                .hasStackTraceContaining("fails on purpose");
        assertThat(operator.revision()).isEqualTo(UNTOUCHED);
    }

    @Test
    @FaultRow(33)
    void aServerBoundToEveryAddressAnnouncesARoutableOne() {
        String host = HostChoice.ofThisMachine()
                .best()
                .orElseGet(() -> Assumptions.abort("this machine has no routable address"))
                .host();
        for (String wildcard : List.of("*", "0.0.0.0", "::")) {
            try (ConfigurableApplicationContext server =
                    server(at, "grpc.server.address=" + wildcard, "grpc.lb.registration.id=a")) {
                awaitKeys(
                        host + ":" + server.getBean(GrpcServerProperties.class).getPort());
                assertThat(ask()).isEqualTo("a");
            }
        }
    }

    @Test
    @FaultRow(34)
    void aPodAnnouncesItsAddressAndOthersTheOneInAPreferredNetwork(CapturedOutput output) {
        for (String property : List.of("POD_IP=127.0.0.1", "grpc.lb.registration.preferred-networks=127.0.0.0/8")) {
            try (ConfigurableApplicationContext server =
                    server(at, "grpc.server.address=*", property, "logging.level.io.github.grpclb=info")) {
                awaitKeys("127.0.0.1:"
                        + server.getBean(GrpcServerProperties.class).getPort());
            }
        }
        assertThat(output)
                .contains("Advertised host of greeter: 127.0.0.1 (environment variable POD_IP)")
                .contains("Advertised host of greeter: 127.0.0.1 (address of lo in the preferred network 127.0.0.0/8)");
    }

    @Test
    @FaultRow({34, 49})
    void aPodsAddressThatIsNoneEndsTheStart(CapturedOutput output) {
        assertThatThrownBy(() -> server(at, "grpc.server.address=*", "POD_IP=here"))
                .isNotNull();
        assertThat(output).contains("APPLICATION FAILED TO START", "Property: POD_IP", "Value: \"here\"");
        assertThat(operator.revision()).isEqualTo(UNTOUCHED);
    }

    @Test
    @FaultRow(34)
    void theConfiguredAddressIsAnnouncedAndReachedBehindNat() throws IOException {
        int inside;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            inside = free.getLocalPort();
        }
        TcpProxy nat = opened.add(TcpProxy.to(new InetSocketAddress("127.0.0.1", inside)));
        int outside = nat.address().getPort();
        opened.add(server(
                at,
                "grpc.server.port=" + inside,
                "grpc.lb.registration.id=a",
                "grpc.lb.registration.host=127.0.0.1",
                "grpc.lb.registration.port=" + outside));
        awaitKeys("127.0.0.1:" + outside);
        assertThat(ask()).isEqualTo("a");
        assertThat(nat.accepted()).isEqualTo(1);
    }

    @Test
    @FaultRow(34)
    void aServerIsReachedByItsHostName() {
        ConfigurableApplicationContext server =
                opened.add(server(at, "grpc.lb.registration.id=a", "grpc.lb.registration.host=localhost"));
        awaitKeys("localhost:" + server.getBean(GrpcServerProperties.class).getPort());
        assertThat(ask()).isEqualTo("a");
    }

    @Test
    @FaultRow(34)
    void aServerIsReachedAtAnIpv6Literal() {
        requireIpv6();
        for (String address : List.of("::1", "[::1]")) {
            try (ConfigurableApplicationContext server = server(
                    at,
                    "grpc.server.address=::1",
                    "grpc.lb.registration.host=" + address,
                    "grpc.lb.registration.id=a")) {
                awaitKeys("[::1]:" + server.getBean(GrpcServerProperties.class).getPort());
                assertThat(ask()).isEqualTo("a");
            }
        }
    }

    @Test
    @FaultRow({34, 49})
    void etcdIsReachedAtAnIpv6Literal() throws IOException {
        requireIpv6();
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
            port = free.getLocalPort();
        }
        String url = "http://[::1]:" + port;
        opened.add(EtcdServers.startProcess("--listen-client-urls=" + url, "--advertise-client-urls=" + url));
        String there = "grpc.lb.etcd.endpoints=" + url;
        opened.add(server(there, "grpc.lb.registration.id=a", "grpc.lb.etcd.fail-fast=true"));
        assertThat(opened.add(client(there)).getBean(Caller.class).ask()).isEqualTo("a");
    }

    private String ask() {
        try (ConfigurableApplicationContext client = client(at)) {
            return client.getBean(Caller.class).ask();
        }
    }

    private void awaitKeys(String address) {
        await().untilAsserted(() -> assertThat(operator.all()).containsOnlyKeys(PREFIX + address));
    }

    private static void requireIpv6() {
        try (ServerSocket any = new ServerSocket(0, 1, Inet6Address.getByName("::1"))) {
            assertThat(any.isBound()).isTrue();
        } catch (IOException e) {
            Assumptions.abort("this machine has no ::1: " + e.getMessage());
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(TestApplications.ServerApplication.class)
    static class FailsToStart {

        /** Starts before the gRPC server, whose phase is the last. */
        @Bean
        SmartLifecycle broken() {
            return new SmartLifecycle() {
                @Override
                public void start() {
                    throw new IllegalStateException("fails on purpose");
                }

                @Override
                public void stop() {}

                @Override
                public boolean isRunning() {
                    return false;
                }

                @Override
                public int getPhase() {
                    return 0;
                }
            };
        }
    }
}
