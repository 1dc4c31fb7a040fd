package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** etcd has no space left and takes no new keys. */
class EtcdFullIT {

    private static final int QUOTA = 16 * 1024 * 1024;
    private static final Duration FAULT = Duration.ofSeconds(8);

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @Tag("long")
    @FaultRow(16)
    void noSpace() {
        EtcdProcess etcd = scene.etcd("--quota-backend-bytes=" + QUOTA);
        RawEtcd operator = scene.operator(etcd);
        List<SampleServer> servers = scene.servers(2);
        Set<String> keys = Scene.keys(servers);
        String byHand = Scene.PREFIX + "by-hand";
        operator.put(byHand, "127.0.0.1:1");
        LoadClient client = scene.load(100);
        client.awaitAnswersOf(List.of("1", "2"));
        Moment fault = Moment.now();
        operator.fill();

        SampleServer newcomer = scene.server("3", SampleServer.HTTP.toArray(String[]::new));
        newcomer.port();
        Moment.now()
                .within(
                        Duration.ofSeconds(10),
                        "health names it",
                        () -> newcomer.health().contains("\"registration\":\"PENDING\"")
                                && newcomer.health().contains("NOSPACE"));
        Scene.during(FAULT);
        assertThat(newcomer.registrations()).isZero();
        // those that are there renew their leases and stay
        assertThat(operator.all(Scene.PREFIX).keySet()).containsAll(keys).hasSize(3);
        client.lists().neverChanged();
        operator.delete(byHand);
        Moment.now().within(Scene.RECOVERY, "deletion seen", () -> client.lists()
                .last()
                .equals(servers.stream().map(SampleServer::address).sorted().toList()));

        operator.makeRoom();
        Moment disarmed = Moment.now();
        disarmed.within(Scene.RECOVERY, "newcomer registered", () -> operator.all(Scene.PREFIX)
                .containsKey(Scene.PREFIX + newcomer.address()));
        disarmed.within(Scene.RECOVERY, "newcomer called", () -> client.soFar()
                .byServer()
                .containsKey("3"));
        CallLog calls = client.stop();
        calls.allSucceeded(1000);
        calls.since(fault.nanoTime()).spreadOver(List.of("1", "2"), Duration.ofSeconds(1));
        assertThat(servers)
                .allSatisfy(server -> assertThat(server.registrations()).isOne());
        Warnings.atMostOneIn10Seconds(newcomer.warnings(), fault.elapsed());
    }
}
