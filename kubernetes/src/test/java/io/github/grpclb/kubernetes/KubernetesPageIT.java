package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.PageProgram;
import io.github.grpclb.testing.TestServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/kubernetes.md: it is compiled and run as it stands there. */
class KubernetesPageIT {

    @AutoClose
    private final Opened opened = new Opened();

    @Test
    void callsAServerOfTheService(@TempDir Path folder) throws Exception {
        FakeCluster cluster = new FakeCluster();
        FakeApiServer api = opened.add(FakeApiServer.start(cluster));
        TestServer server = opened.add(TestServer.start("greeter-0"));
        cluster.put(
                "shop",
                SliceBuilder.grpc("greeter-x7zq2", "greeter", server.port()).ready("127.0.0.1", "greeter-0"));
        assertThat(PageProgram.of("docs/kubernetes.md", "Client")
                        .run(folder, api.uri().toString()))
                .contains("SERVING");
    }
}
