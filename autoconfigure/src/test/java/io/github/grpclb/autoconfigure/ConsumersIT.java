package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.actuate.ConsumersSection;
import io.github.grpclb.actuate.GrpcLbEndpoint;
import io.github.grpclb.actuate.Section;
import io.github.grpclb.actuate.SectionQuery;
import io.github.grpclb.actuate.ServicesSection;
import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.testing.EtcdServer;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.context.ConfigurableApplicationContext;

/** Who calls whom, told by applications with the starter's wiring over a real etcd. */
class ConsumersIT {

    private static final String ENABLED = "grpc.lb.consumers.enabled=true";

    @AutoClose
    private final Opened opened = new Opened();

    private final EtcdServer etcd = opened.add(EtcdServers.start());
    private final RawEtcd operator = opened.add(new RawEtcd(etcd.endpoint()));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    void aServerIsToldWhoCallsItOverAllProcesses() {
        ConfigurableApplicationContext server = opened.add(server(at, ENABLED, jmx(), exposed()));
        calling("front", "1.0", "pod-1");
        calling("front", "1.0", "pod-2");
        ConfigurableApplicationContext last = calling("batch", "2.0", "pod-3");
        await().untilAsserted(() -> assertThat(told(server).total()).isEqualTo(3));
        ConsumersSection.Consumers told = told(server);
        assertThat(told.applications())
                .extracting(each -> each.application() + " " + each.version() + " " + each.instances())
                .containsExactly("batch 2.0 1", "front 1.0 2");
        assertThat(told.consumers()).first().satisfies(batch -> {
            assertThat(batch.service()).isEqualTo("greeter");
            assertThat(batch.instance()).isEqualTo("pod-3");
            assertThat(batch.policy()).isEqualTo("round_robin");
            assertThat(batch.servers()).isEqualTo(1);
            assertThat(batch.startedAt()).isPositive();
        });
        last.close();
        assertThat(told(server).total()).isEqualTo(2);
    }

    @Test
    void nothingIsWrittenWithoutTheProperty() {
        ConfigurableApplicationContext server = opened.add(server(at, jmx(), exposed()));
        await().until(() -> !operator.all("/grpclb/greeter/").isEmpty());
        Map<String, String> before = operator.all();
        ConfigurableApplicationContext client = opened.add(client(at));
        client.getBean(Caller.class).ask();
        await().during(Duration.ofSeconds(3)).until(() -> operator.all().equals(before));
        assertThat(server.getBean(GrpcLbEndpoint.class)
                        .section("consumers", null, null, null, null, null, null, null, null, null))
                .isNull();
    }

    @Test
    void allServicesAreTold() {
        ConfigurableApplicationContext server = opened.add(server(at, jmx(), exposed()));
        operator.putAll(Map.of("/grpclb/other/1", "x", "/grpclb/other/2", "x", "/grpclb/more/1", "x"));
        Section services = server.getBean(ServicesSection.class);
        await().untilAsserted(() -> assertThat(services.read(SectionQuery.ALL))
                .isInstanceOfSatisfying(ServicesSection.Services.class, told -> assertThat(told.services())
                        .extracting(ServicesSection.Service::name)
                        .containsExactly("greeter", "more", "other")));
        ServicesSection.Services largest = (ServicesSection.Services)
                services.read(new SectionQuery(null, null, "o", "servers", 0, 1, 0, null, null));
        assertThat(largest.total()).isEqualTo(2);
        assertThat(largest.services()).containsExactly(new ServicesSection.Service("other", 2));
        assertThatThrownBy(() -> services.read(new SectionQuery(null, null, null, "age", 0, 1, 0, null, null)))
                .hasMessageContaining("name or servers");
        etcd.close();
        assertThat(services.read(SectionQuery.ALL)).isInstanceOfSatisfying(WebEndpointResponse.class, told -> {
            assertThat(told.getStatus()).isEqualTo(503);
            assertThat(String.valueOf(told.getBody())).contains("etcd unreachable");
        });
    }

    @Test
    void aPrefixWhereServersAreEndsTheStart() {
        assertThatThrownBy(() -> client(at, ENABLED, "grpc.lb.etcd.consumers-prefix=/grpclb/consumers"))
                .hasStackTraceContaining("grpc.lb.etcd.consumers-prefix")
                .hasStackTraceContaining("/grpclb/consumers");
    }

    private ConfigurableApplicationContext calling(String application, String version, String pod) {
        ConfigurableApplicationContext client = opened.add(client(
                at,
                ENABLED,
                "spring.application.name=" + application,
                "grpc.lb.registration.version=" + version,
                "POD_NAME=" + pod));
        client.getBean(Caller.class).ask();
        return client;
    }

    private static ConsumersSection.Consumers told(ConfigurableApplicationContext server) {
        return (ConsumersSection.Consumers) server.getBean(GrpcLbEndpoint.class)
                .section("consumers", "greeter", null, null, null, null, null, null, null, null);
    }

    private static String jmx() {
        return "spring.jmx.enabled=true";
    }

    private static String exposed() {
        return "management.endpoints.jmx.exposure.include=grpclb";
    }
}
