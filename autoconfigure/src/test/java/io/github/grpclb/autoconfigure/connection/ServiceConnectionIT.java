package io.github.grpclb.autoconfigure.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.autoconfigure.EtcdConnectionDetails;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.Opened;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.beans.BeanUtils;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.service.connection.ConnectionDetailsFactories;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.docker.compose.core.ConnectionPorts;
import org.springframework.boot.docker.compose.core.ImageReference;
import org.springframework.boot.docker.compose.core.RunningService;
import org.springframework.boot.docker.compose.service.connection.DockerComposeConnectionSource;
import org.springframework.boot.testcontainers.context.ImportTestcontainers;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.mock.env.MockEnvironment;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** Service connections, with containers that are played. */
class ServiceConnectionIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));

    @Test
    void aContainerStandsInForTheProperties() {
        ConfigurableApplicationContext application = start("grpc.lb.etcd.endpoints=http://127.0.0.1:1");
        assertThat(application.getBean(EtcdConnection.class).options().endpoints())
                .containsExactly(etcd.endpoint().toString());
    }

    /** Of a field Spring Boot knows the image, by which it is recognized. */
    @Test
    void soDoesOneInAField() {
        Containers.etcd = new PlayedContainer(etcd.endpoint());
        assertThat(start(WithContainersInFields.class, "grpc.lb.etcd.endpoints=http://127.0.0.1:1")
                        .getBean(EtcdConnection.class)
                        .options()
                        .endpoints())
                .containsExactly(etcd.endpoint().toString());
    }

    @Test
    void aContainerAndAnEmbeddedEtcdAreOneTooMany() {
        assertThatThrownBy(() -> start("grpc.lb.etcd.embedded.enabled=true"))
                .hasRootCauseInstanceOf(InvalidPropertyException.class)
                .rootCause()
                .hasMessageContaining("grpc.lb.etcd.embedded.enabled")
                .hasMessageContaining("service connection");
    }

    @Test
    void aServiceOfDockerComposeIsOne() {
        assertThat(detailsOf(new PlayedService(12379)).getEndpoints()).containsExactly("http://127.0.0.1:12379");
    }

    private static EtcdConnectionDetails detailsOf(RunningService service) {
        DockerComposeConnectionSource source = (DockerComposeConnectionSource) BeanUtils.instantiateClass(
                DockerComposeConnectionSource.class.getDeclaredConstructors()[0], service, new MockEnvironment());
        return (EtcdConnectionDetails) new ConnectionDetailsFactories(RunningService.class.getClassLoader())
                .getConnectionDetails(source, true)
                .get(EtcdConnectionDetails.class);
    }

    private ConfigurableApplicationContext start(String property) {
        return start(WithContainer.class, property);
    }

    private ConfigurableApplicationContext start(Class<?> application, String property) {
        return opened.add(new SpringApplicationBuilder(application)
                .web(WebApplicationType.NONE)
                .registerShutdownHook(false)
                .properties("played.etcd=" + etcd.endpoint(), "grpc.server.port=-1", property)
                .run());
    }

    private record PlayedService(int port) implements RunningService, ConnectionPorts {

        @Override
        public String name() {
            return "registry";
        }

        @Override
        public ImageReference image() {
            return ImageReference.of("quay.io/coreos/etcd:v3.5.16");
        }

        @Override
        public String host() {
            return "127.0.0.1";
        }

        @Override
        public ConnectionPorts ports() {
            return this;
        }

        @Override
        public Map<String, @Nullable String> env() {
            return Map.of();
        }

        @Override
        public Map<String, String> labels() {
            return Map.of();
        }

        @Override
        public int get(int containerPort) {
            assertThat(containerPort).isEqualTo(2379);
            return port;
        }

        @Override
        public List<Integer> getAll() {
            return List.of(port);
        }

        @Override
        public List<Integer> getAll(@Nullable String protocol) {
            return getAll();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class WithContainer {

        @Bean
        @ServiceConnection(name = "etcd")
        GenericContainer<?> etcd(Environment environment) {
            return new PlayedContainer(URI.create(environment.getRequiredProperty("played.etcd")));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @ImportTestcontainers(Containers.class)
    static class WithContainersInFields {}

    static class Containers {

        @ServiceConnection
        static GenericContainer<?> etcd;
    }

    /** Needs no Docker. */
    private static final class PlayedContainer extends GenericContainer<PlayedContainer> {

        private static final String IMAGE = "quay.io/coreos/etcd:v3.5.16";

        private final URI etcd;

        PlayedContainer(URI etcd) {
            super(DockerImageName.parse(IMAGE));
            this.etcd = etcd;
        }

        @Override
        public void start() {}

        @Override
        public void stop() {}

        @Override
        public boolean isRunning() {
            return true;
        }

        @Override
        public String getDockerImageName() {
            return IMAGE;
        }

        @Override
        public String getHost() {
            return etcd.getHost();
        }

        @Override
        public Integer getMappedPort(int originalPort) {
            assertThat(originalPort).isEqualTo(2379);
            return etcd.getPort();
        }
    }
}
