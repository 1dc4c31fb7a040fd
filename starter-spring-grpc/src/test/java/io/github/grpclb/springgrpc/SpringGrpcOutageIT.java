package io.github.grpclb.springgrpc;

import static io.github.grpclb.springgrpc.Applications.client;
import static io.github.grpclb.springgrpc.Applications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.springgrpc.Applications.Caller;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Opened;
import io.grpc.CallOptions;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Channels of Spring gRPC while a real etcd has trouble. */
class SpringGrpcOutageIT {

    /** Beyond the 20 s after which Spring's own channels give up their connections. */
    private static final Duration IDLE = Duration.ofSeconds(30);

    @AutoClose
    private final Opened opened = new Opened();

    private final EtcdProcess etcd = opened.add(EtcdServers.startProcess());
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    void aChannelThatWasIdleIsReadyWhileEtcdIsFrozen() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        opened.add(server(at, "grpc.lb.registration.id=b"));
        Caller caller = opened.add(client(at)).getBean(Caller.class);
        await().until(() -> caller.answers(4).size() == 2);

        await().pollDelay(IDLE).timeout(IDLE.multipliedBy(2)).until(() -> true);
        etcd.pause();
        try {
            Set<String> answers = new HashSet<>();
            for (int i = 0; i < 20; i++) {
                answers.add(caller.ask(CallOptions.DEFAULT.withDeadlineAfter(5, TimeUnit.SECONDS)));
            }
            assertThat(answers).containsOnly("a", "b");
        } finally {
            etcd.resume();
        }
    }
}
