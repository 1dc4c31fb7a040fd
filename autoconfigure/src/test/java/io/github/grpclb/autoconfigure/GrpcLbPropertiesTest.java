package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.FaultRow;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class GrpcLbPropertiesTest {

    @Test
    void findsAClientWhoseNameSpringShortened() {
        GrpcLbProperties properties = bind(
                Map.of("grpc.lb.clients.cluster@callee.policy", "random", "grpc.lb.static.cluster@callee", "a:1,b:2"));
        assertThat(RelaxedNames.find(properties.clients().keySet(), "cluster@callee"))
                .map(properties.clients()::get)
                .map(ClientProperties::policy)
                .hasValue("random");
        assertThat(RelaxedNames.find(properties.staticEndpoints().keySet(), "cluster@callee"))
                .map(properties.staticEndpoints()::get)
                .hasValue(List.of("a:1", "b:2"));
    }

    @Test
    @FaultRow(49)
    void neverShowsThePassword() {
        GrpcLbProperties properties = bind(Map.of("grpc.lb.etcd.password", "canary"));
        assertThat(properties.etcd().password()).isEqualTo("canary");
        assertThat(properties.toString()).doesNotContain("canary");
    }

    private static GrpcLbProperties bind(Map<String, String> properties) {
        return new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("grpc.lb", GrpcLbProperties.class);
    }
}
