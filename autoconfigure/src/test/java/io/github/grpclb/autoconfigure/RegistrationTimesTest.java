package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.timeline.Timeline;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** The times of a registration, which the registrar or the server's life has to take. */
class RegistrationTimesTest {

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

    private static void startServer(GrpcLbProperties properties) {
        try (EtcdConnection connection = new EtcdConnection(EtcdOptions.of("http://127.0.0.1:1"))) {
            EndpointRegistrar registrar = new GrpcLbEtcdAutoConfiguration()
                    .grpcLbRegistrar(
                            connection,
                            properties,
                            new StaticListableBeanFactory().getBeanProvider(RegistryObserver.class),
                            new Timeline());
            new GrpcLbServerAutoConfiguration().grpcLbServerLifecycle(registrar, properties);
        }
    }

    private static GrpcLbProperties bind(Map<String, String> properties) {
        return new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("grpc.lb", GrpcLbProperties.class);
    }
}
