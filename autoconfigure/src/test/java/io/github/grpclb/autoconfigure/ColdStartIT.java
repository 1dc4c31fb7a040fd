package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.grpc.CallOptions;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** A client application that starts while a real etcd is dead. */
@FaultRow(2)
class ColdStartIT {

    private static final Duration RECOVERY = Duration.ofSeconds(6);

    private static final String NO_WAIT = "grpc.lb.registration.drain.quiet-period=0";

    @AutoClose
    private final Opened opened = new Opened();

    private final EtcdProcess etcd = opened.add(EtcdServers.startProcess());
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @TempDir
    private Path directory;

    @Test
    void startsFromTheSnapshotAndFollowsEtcdWhenItIsBack() {
        String snapshots = "grpc.lb.snapshot.directory=" + directory.resolve("lists");
        opened.add(server(at, "grpc.lb.registration.id=a", NO_WAIT));
        opened.add(server(at, "grpc.lb.registration.id=b", NO_WAIT));
        try (ConfigurableApplicationContext first = client(at, snapshots)) {
            Caller caller = first.getBean(Caller.class);
            await().untilAsserted(() -> assertThat(answers(caller)).containsOnly("a", "b"));
        }
        etcd.kill();
        Caller caller = opened.add(client(at, snapshots)).getBean(Caller.class);
        // Not one of them waits for ready: they wait for the first answer of the resolver, which has to be the list.
        assertThat(answers(caller)).isSubsetOf("a", "b");
        await().atMost(RECOVERY).untilAsserted(() -> assertThat(answers(caller)).containsOnly("a", "b"));
        etcd.start();
        opened.add(server(at, "grpc.lb.registration.id=c", NO_WAIT));
        await().atMost(RECOVERY.multipliedBy(2))
                .untilAsserted(() -> assertThat(answers(caller)).containsOnly("a", "b", "c"));
    }

    @Test
    void knowsNoServerWithoutASnapshot() {
        etcd.kill();
        Caller caller = opened.add(client(at)).getBean(Caller.class);
        assertThatExceptionOfType(StatusRuntimeException.class)
                .isThrownBy(() -> caller.ask(within(Duration.ofSeconds(5))))
                .withMessageContaining("UNAVAILABLE: etcd:///greeter: ")
                .withMessageContaining("etcd unreachable");
    }

    private static Set<String> answers(Caller caller) {
        return IntStream.range(0, 12)
                .mapToObj(i -> caller.ask(within(Duration.ofSeconds(10))))
                .collect(Collectors.toSet());
    }

    private static CallOptions within(Duration time) {
        return CallOptions.DEFAULT.withDeadlineAfter(time.toMillis(), TimeUnit.MILLISECONDS);
    }
}
