package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.autoconfigure.TestApplications.ClientApplication;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelConfigurer;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelFactory;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** What a client's channel must not notice, over a real etcd and a real server whose connections are counted. */
class ChannelFaultsIT {

    private static final String PREFIX = "/grpclb/greeter/";

    @AutoClose
    private final Opened opened = new Opened();

    private final EtcdProcess etcd = opened.add(EtcdServers.startProcess());
    private final RawEtcd operator = opened.add(new RawEtcd(etcd.endpoint()));
    private final TestServer a = opened.add(TestServer.start("a"));
    private final TestServer b = opened.add(TestServer.start("b"));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    @FaultRow(42)
    void anIdleChannelServesAtOnceWhileEtcdIsDown() {
        operator.put(PREFIX + "a", address(a));
        ConfigurableApplicationContext context = opened.add(client(IdlesSoon.class, at));
        Caller caller = context.getBean(Caller.class);
        assertThat(caller.ask()).isEqualTo("a");
        awaitIdle(context);
        etcd.pause();
        assertThat(caller.ask(plain())).as("while etcd is frozen").isEqualTo("a");
        awaitIdle(context);
        etcd.kill();
        assertThat(caller.ask(plain())).as("while etcd is down").isEqualTo("a");
        assertThat(a.connections()).isEqualTo(3);
    }

    @Test
    @FaultRow(43)
    void anotherWeightOrderOrKeyOfAnAddressConnectsNothingAnew() {
        operator.put(PREFIX + "m", record(a, 1));
        operator.put(PREFIX + "n", record(b, 1));
        Caller caller =
                opened.add(client(at, "grpc.lb.policy=weighted_round_robin")).getBean(Caller.class);
        await().untilAsserted(() -> assertThat(shareOfA(caller, 10)).isEqualTo(5));
        for (int weight = 2; weight <= 30; weight++) {
            operator.put(PREFIX + "m", record(a, weight));
            caller.ask(plain());
        }
        operator.put(PREFIX + "m", record(a, 4));
        await().untilAsserted(() -> assertThat(shareOfA(caller, 50)).isEqualTo(40));
        // under two keys, one before and one after b's; then only under the last
        operator.put(PREFIX + "z", record(a, 4));
        operator.put(PREFIX + "b", record(a, 4));
        operator.delete(PREFIX + "m");
        operator.delete(PREFIX + "b");
        operator.put(PREFIX + "z", record(a, 9));
        await().untilAsserted(() -> assertThat(shareOfA(caller, 50)).isEqualTo(45));
        operator.put(PREFIX + "n", "{\"Addr\":\"" + address(b) + "\",\"Metadata\":{\"weight\":1,\"zone\":\"z9\"}}");
        operator.put(PREFIX + "z", record(a, 1));
        await().untilAsserted(() -> assertThat(shareOfA(caller, 10)).isEqualTo(5));
        assertThat(a.connections()).isEqualTo(1);
        assertThat(b.connections()).isEqualTo(1);
    }

    @ParameterizedTest
    @FaultRow(48)
    @CsvSource(delimiter = '|', textBlock = """
            etcd:///                 | expected: etcd:///<service>
            etcd://host/greeter      | expected: etcd:///<service>
            etcd:///greeter?a=b      | expected: etcd:///<service>
            etcd:///greeter#x        | expected: etcd:///<service>
            etcd:////greeter         | expected: etcd:///<service>
            etcd:///a/../greeter     | expected
            etcd:///GREETER          | no endpoint is registered
            etcd:///gr%C3%BC%C3%9Fe  | no endpoint is registered
            """)
    void aBadTargetFailsWithItsReasonAndNeverPanics(String target, String reason) {
        operator.put(PREFIX + "a", address(a));
        assertThatThrownBy(() -> {
                    try (ConfigurableApplicationContext context = client(at, "grpc.client.greeter.address=" + target)) {
                        context.getBean(Caller.class).ask(plain());
                    }
                })
                .hasStackTraceContaining(reason)
                .satisfies(failure -> assertThat(String.valueOf(failure)).doesNotContain("Panic!"));
    }

    private static int shareOfA(Caller caller, int calls) {
        int share = 0;
        for (int i = 0; i < calls; i++) {
            share += caller.ask(plain()).equals("a") ? 1 : 0;
        }
        return share;
    }

    private static void awaitIdle(ConfigurableApplicationContext context) {
        GrpcChannelFactory channels = context.getBean(GrpcChannelFactory.class);
        await().atMost(Duration.ofSeconds(10))
                .until(() -> channels.getConnectivityState().get("greeter") == ConnectivityState.IDLE);
    }

    private static CallOptions plain() {
        return CallOptions.DEFAULT.withDeadlineAfter(5, TimeUnit.SECONDS);
    }

    private static String address(TestServer server) {
        return "127.0.0.1:" + server.port();
    }

    private static String record(TestServer server, int weight) {
        return "{\"Addr\":\"%s\",\"Metadata\":{\"weight\":%d}}".formatted(address(server), weight);
    }

    @Configuration(proxyBeanMethods = false)
    @Import(ClientApplication.class)
    static class IdlesSoon {

        @Bean
        GrpcChannelConfigurer idlesSoon() {
            return (builder, name) -> builder.idleTimeout(1, TimeUnit.SECONDS);
        }
    }
}
