package io.github.grpclb;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdServer;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.PageProgram;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/getting-started.md that has no Spring: it is compiled and run as it stands there, with core and etcd. */
class PlainGrpcIT {

    private static final int MOST_LINES = 40;

    @Test
    void registersAndCalls(@TempDir Path folder) throws Exception {
        PageProgram program = PageProgram.of("docs/getting-started.md", "Plain");
        assertThat(program.lines()).isLessThanOrEqualTo(MOST_LINES);
        assertThat(PageProgram.classPath()).noneMatch(jar -> jar.contains("springframework"));
        try (EtcdServer etcd = EtcdServers.start()) {
            assertThat(program.run(folder, etcd.endpoint().toString())).contains("SERVING");
        }
    }
}
