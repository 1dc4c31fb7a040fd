package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** etcd is away when an application starts. */
class EtcdAwayAtStartIT {

    private static final Duration STARTUP_TIMEOUT = Duration.ofSeconds(5);

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @Tag("long")
    @FaultRow(1)
    void serverServesAndJoinsWhenEtcdComes() {
        EtcdProcess etcd = scene.etcd();
        etcd.kill();
        SampleServer server = scene.server("1", SampleServer.HTTP.toArray(String[]::new));
        EtcdProcess other = scene.add(EtcdServers.startProcess());
        SampleServer unharmed =
                scene.server("2", "--etcd=" + other.endpoint(), SampleServer.HTTP.get(0), SampleServer.HTTP.get(1));
        unharmed.port();
        Moment.now()
                .within(
                        STARTUP_TIMEOUT,
                        "serves about as soon as one with an etcd",
                        () -> server.logged("gRPC Server started") > 0);

        // a client that needs no registry
        LoadClient direct = scene.client("grpc.lb.static.load=" + server.address());
        assertThat(direct.call().server()).isEqualTo("1");
        assertThat(server.health())
                .contains("\"registration\":\"PENDING\"")
                .contains("etcd unreachable: Connection refused");
        assertThat(server.registrations()).isZero();
        assertThat(server.log()).doesNotContain("ERROR");

        etcd.start();
        Moment back = Moment.now();
        RawEtcd operator = scene.operator(etcd);
        back.within(Scene.RECOVERY, "registered", () -> operator.all().containsKey(Scene.PREFIX + server.address()));
        back.within(Scene.RECOVERY, "healthy", () -> server.health().contains("\"registration\":\"REGISTERED\""));
    }

    @Test
    @Tag("long")
    @FaultRow(1)
    void serverFailsFastWhereItIsToldTo() {
        EtcdProcess etcd = scene.etcd();
        etcd.kill();
        SampleServer server = scene.server(
                "1",
                "--grpc.lb.etcd.fail-fast=true",
                "--grpc.lb.etcd.username=chaos",
                "--grpc.lb.etcd.password=canary-4711");

        assertThat(server.awaitEnd()).isNotZero();
        assertThat(server.log())
                .contains("APPLICATION FAILED TO START")
                .contains("Property: grpc.lb.etcd.endpoints")
                .contains(etcd.endpoint().toString())
                .contains("grpc.lb.etcd.fail-fast")
                .contains("Connection refused")
                .doesNotContain("gRPC Server started")
                .doesNotContain("canary-4711");
    }

    @Test
    @FaultRow(1)
    void failsWithinTheStartupTimeout() {
        EtcdProcess etcd = scene.etcd();
        etcd.kill();
        Moment begun = Moment.now();
        assertThatThrownBy(() -> scene.client("grpc.lb.etcd.fail-fast=true", "grpc.lb.etcd.startup-timeout=3s"))
                .hasStackTraceContaining("grpc.lb.etcd.endpoints");
        // and what the context takes to come so far
        assertThat(begun.elapsed()).isBetween(Duration.ofMillis(2500), STARTUP_TIMEOUT.plusSeconds(10));
    }

    @Test
    @Tag("long")
    @FaultRow(2)
    void clientStartsAndCallsWhenEtcdComes() {
        EtcdProcess etcd = scene.etcd();
        scene.servers(2);
        // what the first call of a process takes is no part of the second
        scene.load(10).close();
        etcd.kill();

        LoadClient client = scene.client();
        CallLog.Call failed = client.call();
        assertThat(failed.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(failed.text())
                .contains("etcd:///")
                .contains("discovery not ready")
                .contains("etcd unreachable")
                .contains("Connection refused");
        assertThat(failed.took()).isLessThan(Duration.ofSeconds(1));
        CompletableFuture<CallLog.Call> waiting = client.callWhenReady();
        Scene.during(Duration.ofSeconds(2));
        assertThat(waiting).isNotDone();

        etcd.start();
        Moment back = Moment.now();
        back.within(Scene.RECOVERY, "first success", () -> !client.call().failed());
        assertThat(waiting.join().failed()).isFalse();
        assertThat(Duration.ofNanos(waiting.join().end() - back.nanoTime())).isLessThan(Scene.RECOVERY);
    }
}
