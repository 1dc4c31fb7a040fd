package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.follow.EndpointSourceOptions;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.etcd.record.RecordRules;
import io.github.grpclb.resolver.ResolverArgs;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.EtcdServer;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Records that somebody wrote who ought not to, in a real etcd. */
@ExtendWith(CapturedLog.Extension.class)
class HostileRecordsIT {

    private final AtomicInteger skipped = new AtomicInteger();
    private final RegistryObserver observer = new RegistryObserver() {
        @Override
        public void recordSkipped(String service) {
            skipped.incrementAndGet();
        }
    };

    private EtcdServer etcd;
    private RawEtcd operator;
    private EtcdConnection connection;

    @BeforeEach
    void start() {
        etcd = EtcdServers.start();
        operator = new RawEtcd(etcd.endpoint());
        connection = new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString()));
    }

    @AfterEach
    void stop() {
        connection.close();
        operator.close();
        etcd.close();
    }

    @Test
    @FaultRow({44, 45, 46, 47})
    void leaveTheirNeighboursAloneAndAreSaidOnce(CapturedLog output) {
        List<String> bad = List.of(
                "",
                "no record",
                "\ufeff{\"Addr\":\"10.0.0.1:1\"}",
                "{\"Addr\":\"10.0.0.1:1\",\"x\":\"" + "y".repeat(1_400_000) + "\"}",
                "{\"Addr\":\"10.0.0.1:1\",\"x\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}",
                "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"weight\":" + "9".repeat(60_000) + "}}",
                "169.254.169.254:80",
                "10.0.0.1:0",
                "10.0.0.1:80\r\n2026-01-01 ERROR forged line",
                "user@10.0.0.1:80");
        for (int i = 0; i < bad.size(); i++) {
            operator.put("/grpclb/greeter/bad" + i, bad.get(i));
        }
        operator.put("/grpclb/greeter/good", "{\"Addr\":\"10.0.0.1:1\",\"Unknown\":{\"x\":[1]}}");
        operator.put("/grpclb/greeter2/other", "10.0.0.2:1");
        operator.put("/grpclb/greeter/sub/other", "10.0.0.2:1");
        operator.put("/grpclb/greeter/", "10.0.0.2:1");
        LatestList list = new LatestList();
        try (EtcdEndpointSource source = new EtcdEndpointSource(connection, Duration.ofHours(1), observer)) {
            source.subscribe("greeter", list);
            await().untilAsserted(() -> assertThat(list.endpoints()).hasSize(1));
            connection.reconnect();
            operator.put("/grpclb/greeter/more", "10.0.0.3:1");
            await().untilAsserted(() -> assertThat(list.endpoints()).hasSize(2));
        }
        assertThat(list.endpoints()).extracting("host").containsExactly("10.0.0.1", "10.0.0.3");
        assertThat(skipped).hasValue(bad.size());
        assertThat(output.toString().lines())
                .filteredOn(line -> line.contains("skipped"))
                .hasSize(bad.size())
                .allSatisfy(line -> assertThat(line).hasSizeLessThan(900).contains("/grpclb/greeter/bad"));
        assertThat(output.toString().lines()).noneMatch(line -> line.startsWith("2026-01-01 ERROR"));
    }

    @Test
    @FaultRow(47)
    void keysThatAreNoTextHideNobody() {
        ByteString noText = ByteString.copyFromUtf8("/grpclb/greeter/").concat(ByteString.fromHex("ff"));
        for (int i = 0; i < 1001; i++) {
            operator.put(noText.concat(ByteString.copyFromUtf8("" + i)), "10.0.0.2:1");
        }
        operator.put("/grpclb/greeter/good", "10.0.0.1:1");
        LatestList list = new LatestList();
        try (EtcdEndpointSource source = new EtcdEndpointSource(connection, Duration.ofHours(1), observer)) {
            source.subscribe("greeter", list);
            await().untilAsserted(() -> assertThat(list.endpoints()).hasSize(1));
            operator.put(noText, "10.0.0.2:1");
            operator.put("/grpclb/greeter/more", "10.0.0.3:1");
            await().untilAsserted(() -> assertThat(list.endpoints()).hasSize(2));
        }
        assertThat(list.endpoints()).extracting("host").containsExactly("10.0.0.1", "10.0.0.3");
    }

    @Test
    @FaultRow(45)
    void valuesThatFillMoreThanAMessageHideNobody() {
        String large = "x".repeat(1_400_000);
        for (int i = 0; i < 50; i++) {
            operator.put("/grpclb/greeter/bad" + i, large);
        }
        operator.put("/grpclb/greeter/good", "10.0.0.1:1");
        LatestList list = new LatestList();
        try (EtcdEndpointSource source = new EtcdEndpointSource(connection, Duration.ofHours(1), observer)) {
            source.subscribe("greeter", list);
            await().untilAsserted(() -> assertThat(list.endpoints()).hasSize(1));
        }
        assertThat(skipped).hasValue(50);
    }

    @Test
    @FaultRow(46)
    void refusedAddressesAreNotConnectedTo() throws Exception {
        try (ServerSocket listening = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            listening.setSoTimeout(1000);
            operator.put("/grpclb/greeter/literal", "127.0.0.1:" + listening.getLocalPort());
            operator.put("/grpclb/greeter/name", "localhost:" + listening.getLocalPort());
            call(new AddressRules(List.of(), List.of(), false));
            assertThatThrownBy(listening::accept).isInstanceOf(SocketTimeoutException.class);
            assertThat(skipped).hasValue(1);

            call(AddressRules.DEFAULT);
            listening.accept().close();
        }
    }

    private void call(AddressRules rules) throws InterruptedException {
        try (EtcdEndpointSource source = new EtcdEndpointSource(
                connection, EndpointSourceOptions.DEFAULT.withRules(new RecordRules(rules, 10)), observer)) {
            ManagedChannel channel = ManagedChannelBuilder.forTarget("etcd:///greeter")
                    .setNameResolverArg(ResolverArgs.SOURCE, source)
                    .usePlaintext()
                    .build();
            assertThatThrownBy(
                            () -> TestServer.ask(channel, CallOptions.DEFAULT.withDeadlineAfter(2, TimeUnit.SECONDS)))
                    .isNotNull();
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
    }
}
