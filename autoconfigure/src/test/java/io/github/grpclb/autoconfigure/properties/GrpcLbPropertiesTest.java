package io.github.grpclb.autoconfigure.properties;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.resolver.ResolverArgs;
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

    private static GrpcLbProperties bind(Map<String, String> properties) {
        return new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("grpc.lb", GrpcLbProperties.class);
    }
}
