package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.api.Permission;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** etcd knows users: what gave them access ends while they work. */
class EtcdAuthIT {

    private static final Duration TTL = Duration.ofSeconds(10);

    /** Shorter than the time between two renewals: each of them finds its token expired. */
    private static final Duration TOKEN_TTL = Duration.ofSeconds(2);

    private static final int SERVERS = 3;
    private static final int AUTHENTICATIONS_AN_EVENT = 2;

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @Tag("long")
    @FaultRow(17)
    void tokensExpireAndAreForgotten() {
        EtcdProcess etcd = scene.etcd("--auth-token-ttl=" + TOKEN_TTL.toSeconds());
        RawEtcd operator = scene.operator(etcd);
        operator.addUser("client", "client-password", Permission.Type.READ, "/grpclb/");
        operator.enableAuth("server", "server-password", "/grpclb/");
        List<SampleServer> servers = scene.servers(
                SERVERS,
                "--grpc.lb.registration.ttl=" + TTL.toSeconds() + "s",
                "--grpc.lb.etcd.username=server",
                "--grpc.lb.etcd.password=server-password");
        LoadClient client = scene.load(200, "grpc.lb.etcd.username=client", "grpc.lb.etcd.password=client-password");
        client.awaitAnswersOf(List.of("1", "2", "3"));

        countsAuthentications(etcd, Moment.now(), authentications(etcd), TTL);
        client.lists().neverChanged();

        etcd.kill();
        Scene.during(Duration.ofMillis(500 + scene.random().nextInt(1500)));
        etcd.start();
        // what it counts begins with its process
        countsAuthentications(etcd, Moment.now(), 0, TTL.plusSeconds(3));
        client.lists().neverChanged();
        assertThat(servers)
                .allSatisfy(server -> assertThat(server.registrations()).isOne());

        operator.login("server", "server-password");
        assertThat(operator.all("/grpclb/").keySet()).isEqualTo(Scene.keys(servers));
        operator.put(Scene.PREFIX + "by-hand", "127.0.0.1:1");
        Moment.now().within(Scene.RECOVERY, "change seen", () -> client.lists()
                .last()
                .contains("127.0.0.1:1"));
        client.stop().allSucceeded(4000);
    }

    /** An event is the expiry of a token, which each renewal of a server finds, or its loss, which everybody finds once. */
    private static void countsAuthentications(EtcdProcess etcd, Moment from, long before, Duration time) {
        Scene.during(time);
        long asked = authentications(etcd) - before;
        long renewals = from.elapsed().dividedBy(TTL.dividedBy(3)) + 1;
        long events = SERVERS * renewals + 1;
        System.out.printf("%d Authenticate for %d events at most%n", asked, events);
        assertThat(asked).as("Authenticate calls").isBetween(1L, AUTHENTICATIONS_AN_EVENT * events);
    }

    private static long authentications(EtcdProcess etcd) {
        return etcd.metric("grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Authenticate\"");
    }
}
