package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.actuate.RecordsSection;
import io.github.grpclb.actuate.SectionQuery;
import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.testing.EtcdServer;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.context.ConfigurableApplicationContext;

/** What etcd holds beside what a client makes of it, told by applications with the starter's wiring. */
class RecordsIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EtcdServer etcd = opened.add(EtcdServers.start());
    private final RawEtcd operator = opened.add(new RawEtcd(etcd.endpoint()));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    void theRegistryIsShownBesideThisProcess() {
        opened.add(server(at, "grpc.lb.registration.ttl=20s"));
        await().until(() -> !operator.all("/grpclb/greeter/").isEmpty());
        operator.put("/grpclb/greeter/broken", "{\"Op\":0,\"Addr\":\"localhost\"}");
        ConfigurableApplicationContext client =
                opened.add(client(at, "spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=grpclb"));
        assertThat(told(client, "greeter").records()).as("before a call").allSatisfy(each -> assertThat(each.differs())
                .isNull());
        client.getBean(Caller.class).ask();
        RecordsSection.Records told = told(client, "greeter");
        assertThat(told.total()).isEqualTo(2);
        assertThat(told.here()).isEqualTo(1);
        assertThat(told.records().get(0)).satisfies(alive -> {
            assertThat(alive.form()).isEqualTo("go");
            assertThat(alive.grantedMillis()).isEqualTo(20_000);
            assertThat(alive.remainingMillis()).isBetween(1L, 20_000L);
            assertThat(alive.permanent()).isFalse();
            assertThat(alive.differs()).isEmpty();
        });
        assertThat(told.records().get(1)).satisfies(broken -> {
            assertThat(broken.refusal()).contains("localhost");
            assertThat(broken.permanent()).isTrue();
            assertThat(broken.differs()).containsExactly("not here: it cannot be read");
        });
        etcd.close();
        assertThat(read(client, "greeter"))
                .isInstanceOfSatisfying(WebEndpointResponse.class, answer -> assertThat(answer.getStatus())
                        .isEqualTo(503));
    }

    @Test
    void aServiceIsToBeNamed() {
        ConfigurableApplicationContext client =
                opened.add(client(at, "spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=grpclb"));
        assertThatThrownBy(() -> read(client, null)).hasMessageContaining("service");
        assertThat(told(client, "unknown").total()).isZero();
    }

    private static RecordsSection.Records told(ConfigurableApplicationContext from, String service) {
        return (RecordsSection.Records) read(from, service);
    }

    private static Object read(ConfigurableApplicationContext from, @Nullable String service) {
        Object told = from.getBean(RecordsSection.class)
                .read(new SectionQuery(service, null, null, null, 0, 10, 0, null, null));
        assertThat(told).isNotNull();
        return told;
    }
}
