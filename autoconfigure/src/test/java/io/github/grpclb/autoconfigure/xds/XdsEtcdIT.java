package io.github.grpclb.autoconfigure.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.GrpcLbAutoConfiguration;
import io.github.grpclb.autoconfigure.GrpcLbClientAutoConfiguration;
import io.github.grpclb.autoconfigure.GrpcLbEtcdAutoConfiguration;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** A control plane that is fed by a real etcd. */
class XdsEtcdIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EtcdProcess etcd = opened.add(EtcdServers.startProcess());

    @TempDir
    Path directory;

    @Test
    void tellsOfTheLastListWhileEtcdIsAwayAlsoWhenItStartsThen() {
        put(4711);
        application().run(context -> {
            XdsLifecycle controlPlane = context.getBean(XdsLifecycle.class);
            assertThat(ask(controlPlane)).contains("4711");
            etcd.kill();
            assertThat(ask(controlPlane)).contains("4711"); // asked anew: nobody followed the service meanwhile
        });
        application().run(context -> {
            XdsLifecycle controlPlane = context.getBean(XdsLifecycle.class);
            assertThat(ask(controlPlane)).contains("4711");
            etcd.start();
            put(4712);
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(ask(controlPlane)).contains("4711", "4712"));
        });
    }

    private void put(int port) {
        try (RawEtcd operator = new RawEtcd(etcd.endpoint())) {
            operator.put("/grpclb/greeter/127.0.0.1:" + port, "{\"Addr\":\"127.0.0.1:" + port + "\"}");
        }
    }

    private ApplicationContextRunner application() {
        return new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        GrpcLbAutoConfiguration.class,
                        GrpcLbEtcdAutoConfiguration.class,
                        GrpcLbClientAutoConfiguration.class,
                        GrpcLbXdsAutoConfiguration.class))
                .withPropertyValues(
                        "grpc.lb.etcd.endpoints=" + etcd.endpoint(),
                        "grpc.lb.snapshot.directory=" + directory,
                        "grpc.lb.xds.enabled=true",
                        "grpc.lb.xds.port=0");
    }

    private static String ask(XdsLifecycle controlPlane) throws Exception {
        ManagedChannel channel = Grpc.newChannelBuilder(
                        "127.0.0.1:" + controlPlane.port(), InsecureChannelCredentials.create())
                .build();
        try {
            return RawXdsClient.ask(channel, "greeter", new Metadata());
        } finally {
            channel.shutdownNow();
        }
    }
}
