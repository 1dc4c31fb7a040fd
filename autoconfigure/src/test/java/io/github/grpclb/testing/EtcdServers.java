package io.github.grpclb.testing;

import static org.junit.jupiter.api.Assertions.fail;

import java.net.URI;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Assumptions;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * Starts a real etcd for a test with what this machine has: a binary ({@link EtcdProcess}), else Docker
 * with the image that {@code ETCD_IMAGE} names.
 *
 * <p>With neither, the test fails where {@code CI=true} is set in the environment and is skipped elsewhere.
 */
public final class EtcdServers {

    private static final int CLIENT_PORT = 2379;

    private static final String MISSING =
            "No etcd: none on the PATH, ETCD_BIN is not set, and no Docker for ETCD_IMAGE";

    private EtcdServers() {}

    /** Returns a running etcd of its own, empty. */
    public static EtcdServer start() {
        if (EtcdProcess.binary().isPresent()) {
            return EtcdProcess.launch();
        }
        String image = System.getenv("ETCD_IMAGE");
        if (image != null && DockerClientFactory.instance().isDockerAvailable()) {
            return startContainer(image);
        }
        return missing(MISSING);
    }

    /** Returns a running etcd process, for tests that stop, kill or pause it. */
    public static EtcdProcess startProcess(String... arguments) {
        return EtcdProcess.binary().isPresent() ? EtcdProcess.launch(arguments) : missing(MISSING);
    }

    /** Returns a running cluster of three etcd processes. */
    public static EtcdCluster startCluster(String... arguments) {
        return EtcdProcess.binary().isPresent()
                ? EtcdCluster.launch(UnaryOperator.identity(), arguments)
                : missing(MISSING);
    }

    /** Returns a running cluster of three etcd processes, the last on another host. */
    public static EtcdCluster startCluster(OtherHost other) {
        return EtcdProcess.binary().isPresent() ? EtcdCluster.launch(EtcdCluster.lastOn(other)) : missing(MISSING);
    }

    /** Ends a test that lacks something: as failed where {@code CI=true}, else as skipped. */
    public static <T> T missing(String what) {
        if (Boolean.parseBoolean(System.getenv("CI"))) {
            return fail(what);
        }
        return Assumptions.abort(what);
    }

    private static EtcdServer startContainer(String image) {
        GenericContainer<?> container = new GenericContainer<>(image)
                .withExposedPorts(CLIENT_PORT)
                .withCommand(
                        "etcd",
                        "--listen-client-urls=http://0.0.0.0:" + CLIENT_PORT,
                        "--advertise-client-urls=http://127.0.0.1:" + CLIENT_PORT)
                .waitingFor(Wait.forHttp("/health").forPort(CLIENT_PORT));
        container.start();
        URI endpoint = URI.create("http://" + container.getHost() + ":" + container.getMappedPort(CLIENT_PORT));
        return new EtcdServer() {
            @Override
            public URI endpoint() {
                return endpoint;
            }

            @Override
            public void close() {
                container.stop();
            }
        };
    }
}
