package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A machine of which nobody else can reach anything: a network namespace with lo only. */
class LoopbackOnlyIT {

    private static final List<String> ALONE =
            List.of("unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh");

    private static final String EVERY_ADDRESS = Host.current().bindTo("0.0.0.0");

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @FaultRow(33)
    void aServerBoundToEveryAddressDoesNotStartAndNamesTheProperty() throws Exception {
        requireNamespaces();
        EtcdProcess etcd = scene.etcd();
        SampleServer server = scene.server(ALONE, "1", EVERY_ADDRESS, "--grpc.lb.registration.host=");
        assertThat(server.awaitEnd()).isNotZero();
        assertThat(server.log())
                .contains("APPLICATION FAILED TO START", "Property: grpc.lb.registration.host")
                .contains("only loopback and link-local ones");
        assertThat(scene.operator(etcd).all()).isEmpty();
    }

    @Test
    @FaultRow(33)
    void aServerThatNamesLoopbackStarts() throws Exception {
        requireNamespaces();
        scene.etcd();
        SampleServer server = scene.server(ALONE, "1", EVERY_ADDRESS, "--grpc.lb.registration.host=127.0.0.1");
        assertThat(server.port()).isPositive();
    }

    private static void requireNamespaces() throws InterruptedException {
        try {
            Process process = new ProcessBuilder("unshare", "--net", "true").start();
            Assumptions.assumeTrue(process.waitFor() == 0, "network namespaces need root");
        } catch (IOException e) {
            Assumptions.abort("network namespaces need unshare: " + e.getMessage());
        }
    }
}
