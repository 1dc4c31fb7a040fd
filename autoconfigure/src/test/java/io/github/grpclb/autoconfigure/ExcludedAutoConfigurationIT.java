package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.autoconfigure.devh.DevhClientAutoConfiguration;
import io.github.grpclb.autoconfigure.devh.DevhServerAutoConfiguration;
import io.github.grpclb.autoconfigure.devh.DevhStubsAutoConfiguration;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.Opened;
import java.util.stream.Stream;
import net.devh.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration;
import net.devh.boot.grpc.client.autoconfigure.GrpcClientMetricAutoConfiguration;
import net.devh.boot.grpc.common.autoconfigure.GrpcCommonCodecAutoConfiguration;
import net.devh.boot.grpc.server.autoconfigure.GrpcHealthServiceAutoConfiguration;
import net.devh.boot.grpc.server.autoconfigure.GrpcServerAutoConfiguration;
import net.devh.boot.grpc.server.autoconfigure.GrpcServerFactoryAutoConfiguration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;

/** Applications that leave out one of the auto-configurations that ours stand upon. */
class ExcludedAutoConfigurationIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));

    static Stream<String> excluded() {
        return Stream.of(
                        new Class<?>[] {GrpcClientAutoConfiguration.class, GrpcClientMetricAutoConfiguration.class},
                        new Class<?>[] {GrpcClientAutoConfiguration.class, GrpcCommonCodecAutoConfiguration.class},
                        new Class<?>[] {GrpcServerAutoConfiguration.class, GrpcServerFactoryAutoConfiguration.class},
                        new Class<?>[] {GrpcServerFactoryAutoConfiguration.class},
                        new Class<?>[] {GrpcHealthServiceAutoConfiguration.class},
                        new Class<?>[] {
                            CompositeMeterRegistryAutoConfiguration.class, SimpleMetricsExportAutoConfiguration.class
                        },
                        new Class<?>[] {GrpcLbAutoConfiguration.class},
                        new Class<?>[] {GrpcLbEtcdAutoConfiguration.class},
                        new Class<?>[] {GrpcLbClientAutoConfiguration.class},
                        new Class<?>[] {GrpcLbServerAutoConfiguration.class},
                        new Class<?>[] {DevhClientAutoConfiguration.class},
                        new Class<?>[] {DevhServerAutoConfiguration.class},
                        new Class<?>[] {DevhStubsAutoConfiguration.class})
                .map(classes ->
                        String.join(",", Stream.of(classes).map(Class::getName).toList()));
    }

    @ParameterizedTest
    @MethodSource("excluded")
    void startsWithout(String classes) {
        ConfigurableApplicationContext context = opened.add(TestApplications.server(
                "grpc.lb.etcd.endpoints=" + etcd.endpoint(), "spring.autoconfigure.exclude=" + classes));
        assertThat(context.isActive()).isTrue();
    }
}
