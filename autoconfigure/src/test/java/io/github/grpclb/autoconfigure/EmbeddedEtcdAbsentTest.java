package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.etcd.client.EtcdConnection;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** The embedded etcd is a dependency of its own, which an application may be without. */
class EmbeddedEtcdAbsentTest {

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(GrpcLbAutoConfiguration.class, GrpcLbEtcdAutoConfiguration.class))
            .withClassLoader(new FilteredClassLoader("io.github.grpclb.etcd.embedded"));

    @Test
    void endsTheStartWithTheDependencyToAdd() {
        application.withPropertyValues("grpc.lb.etcd.embedded.enabled=true").run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .isInstanceOf(InvalidPropertyException.class)
                .hasMessageContainingAll("grpc.lb.etcd.embedded.enabled", "io.github.grpclb:grpc-lb-etcd-embedded"));
    }

    @Test
    void isNotMissedWhereItIsNotAskedFor() {
        application.run(context -> assertThat(context).hasNotFailed().hasSingleBean(EtcdConnection.class));
    }
}
