package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.server.ServerLifecycle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.ConfigurableApplicationContext;

/** An application whose properties are blank starts as without them. */
class BlankValuesTest {

    @Test
    void aClientStartsWithThem() {
        try (ConfigurableApplicationContext client = TestApplications.client(
                "grpc.lb.zone.own=",
                "grpc.lb.policy=",
                "grpc.lb.etcd.startup-timeout= ",
                "grpc.lb.etcd.fail-fast=",
                "grpc.lb.etcd.username=",
                "grpc.lb.etcd.password=",
                "grpc.lb.etcd.ssl.bundle=",
                "grpc.lb.etcd.embedded.enabled=",
                "grpc.lb.subset-size=",
                "grpc.lb.clients.greeter.service=",
                "grpc.lb.clients.greeter.server-id.mode=",
                "grpc.lb.static.greeter=",
                "grpc.lb.health-check.service-name=")) {
            assertThat(client.getBeanNamesForType(EmbeddedEtcd.class)).isEmpty();
            assertThat(client.getBean(ClientProperties.class).healthCheck()).isNull();
        }
    }

    @ParameterizedTest
    @CsvSource({"no, false", "off, false", "false, false", "'', true", "yes, true", "true, true"})
    void switchesUnderstandWhatSpringDoes(String value, boolean on) {
        try (ConfigurableApplicationContext client = TestApplications.client("grpc.lb.registration.enabled=" + value)) {
            assertThat(client.getBeanNamesForType(ServerLifecycle.class)).hasSize(on ? 1 : 0);
        }
    }

    @Test
    void whatIsMissingBesideOthersIsSaidToBeMissing() {
        assertThatThrownBy(() -> TestApplications.client("grpc.lb.zone.own=", "grpc.lb.zone.overprovisioning-factor=2"))
                .rootCause()
                .isInstanceOfSatisfying(InvalidPropertyException.class, e -> {
                    assertThat(e.property()).isEqualTo("grpc.lb.zone.own");
                    assertThat(e.value()).isNull();
                });
    }
}
