package io.github.grpclb.autoconfigure.connection;

import io.github.grpclb.autoconfigure.EtcdConnectionDetails;
import java.util.List;
import org.springframework.boot.docker.compose.core.RunningService;
import org.springframework.boot.docker.compose.service.connection.DockerComposeConnectionDetailsFactory;
import org.springframework.boot.docker.compose.service.connection.DockerComposeConnectionSource;

/** Makes of a service of Docker Compose with etcd where etcd is. */
final class EtcdDockerComposeConnectionDetailsFactory
        extends DockerComposeConnectionDetailsFactory<EtcdConnectionDetails> {

    EtcdDockerComposeConnectionDetailsFactory() {
        super(EtcdImages.NAMES.toArray(String[]::new));
    }

    @Override
    protected EtcdConnectionDetails getDockerComposeConnectionDetails(DockerComposeConnectionSource source) {
        return new Details(source.getRunningService());
    }

    private static final class Details extends DockerComposeConnectionDetails implements EtcdConnectionDetails {

        private final List<String> endpoints;

        Details(RunningService service) {
            super(service);
            this.endpoints = List.of(
                    EtcdImages.endpoint(false, service.host(), service.ports().get(EtcdImages.PORT)));
        }

        @Override
        public List<String> getEndpoints() {
            return endpoints;
        }
    }
}
