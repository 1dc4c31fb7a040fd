package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.RelaxedNames;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.resolver.ResolverArgs;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class GrpcLbPropertiesTest {

    @Test
    void findsAClientWhoseNameSpringShortened() {
        GrpcLbProperties properties = bind(
                Map.of("grpc.lb.clients.cluster@callee.policy", "random", "grpc.lb.static.cluster@callee", "a:1,b:2"));
        assertThat(RelaxedNames.find("grpc.lb.clients.", properties.clients(), "cluster@callee"))
                .map(properties.clients()::get)
                .map(ClientProperties::policy)
                .hasValue("random");
        assertThat(RelaxedNames.find("grpc.lb.static.", properties.staticEndpoints(), "cluster@callee"))
                .map(properties.staticEndpoints()::get)
                .hasValue(List.of("a:1", "b:2"));
    }

    @Test
    void keepsStaleEndpointsForFiveMinutesUnlessToldOtherwise() {
        assertThat(bind(Map.of()).staleMax()).isEqualTo(ResolverArgs.DEFAULT_STALE_MAX);
        assertThat(bind(Map.of("grpc.lb.stale-max", "0")).staleMax()).isZero();
    }

    @Test
    @FaultRow(49)
    void neverShowsThePassword() {
        GrpcLbProperties properties =
                bind(Map.of("grpc.lb.etcd.password", "canary", "grpc.lb.etcd.endpoints", "http://me:canary@etcd:2379"));
        assertThat(properties.etcd().password()).isEqualTo("canary");
        assertThat(properties.toString()).doesNotContain("canary");
    }

    @Test
    void namesTheTimeThatIsOutOfRange() {
        for (String name : List.of("ttl", "withdraw-timeout", "drain.timeout", "drain.quiet-period")) {
            for (String value : List.of("-1s", "PT7678513232108776357S")) {
                GrpcLbProperties properties = bind(Map.of("grpc.lb.registration." + name, value));
                assertThatThrownBy(() -> startServer(properties))
                        .isInstanceOf(InvalidPropertyException.class)
                        .hasMessageStartingWith("grpc.lb.registration." + name + ": ");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a:b", "a: b", "a: 'b' (expected: c)"})
    void namesTheSplitWhateverItsValueIs(String value) {
        ClientProperties client = new Binder(new MapConfigurationPropertySource(
                        Map.of("grpc.lb.tags[0].key", "v", "grpc.lb.tags[0].split[" + value + "]", "101")))
                .bindOrCreate("grpc.lb", ClientProperties.class);
        assertThatThrownBy(() -> new ClientServiceConfig("grpc.lb.clients.c.", client, client, Policies.with(List.of()))
                        .requireValid())
                .isInstanceOfSatisfying(InvalidPropertyException.class, e -> {
                    assertThat(e.property()).isEqualTo("grpc.lb.clients.c.tags[0].split." + value);
                    assertThat(e.value()).isEqualTo("101.0");
                    assertThat(e.expected()).isEqualTo("a number from 0.0 to 100.0");
                });
    }

    @Test
    @FaultRow(49)
    void showsTimesThatSpringCannotWrite() {
        assertThat(InvalidPropertyException.shown(Duration.ofSeconds(Long.MIN_VALUE)))
                .startsWith("PT-");
        assertThat(InvalidPropertyException.shown(Duration.ofSeconds(59))).isEqualTo("59000ms");
    }

    private static void startServer(GrpcLbProperties properties) {
        try (EtcdConnection connection = new EtcdConnection(EtcdOptions.of("http://127.0.0.1:1"))) {
            EndpointRegistrar registrar = new GrpcLbEtcdAutoConfiguration()
                    .grpcLbRegistrar(
                            connection,
                            properties,
                            new StaticListableBeanFactory().getBeanProvider(RegistryObserver.class));
            new GrpcLbServerAutoConfiguration().grpcLbServerLifecycle(registrar, properties);
        }
    }

    private static GrpcLbProperties bind(Map<String, String> properties) {
        return new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("grpc.lb", GrpcLbProperties.class);
    }
}
