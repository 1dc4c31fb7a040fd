package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.api.Permission;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.util.ArrayList;
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

        countsAuthentications(etcd, Moment.now(), etcd.authentications(), TTL);
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

    @Test
    @Tag("long")
    @FaultRow(19)
    void rightsAreTakenAndGivenBack() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        operator.addUser("client", "client-password", Permission.Type.READ, "/grpclb/");
        operator.enableAuth("server", "server-password", "/grpclb/");
        List<String> server = new ArrayList<>(SampleServer.HTTP);
        server.add("--grpc.lb.etcd.username=server");
        server.add("--grpc.lb.etcd.password=server-password");
        List<SampleServer> servers = scene.servers(2, server.toArray(String[]::new));
        LoadClient client = scene.load(100, "grpc.lb.etcd.username=client", "grpc.lb.etcd.password=client-password");
        client.awaitAnswersOf(List.of("1", "2"));

        operator.login("root", "root");
        operator.deny("server", "/grpclb/");
        operator.deny("client", "/grpclb/");
        Moment denied = Moment.now();
        denied.within(Duration.ofSeconds(10), "health names it", () -> servers.get(0)
                .health()
                .contains("permission denied"));
        Scene.during(Scene.TTL.multipliedBy(3));
        // since 3.5.28 a lease is renewed only by who may write its keys
        boolean keysRanOut = operator.all().isEmpty();
        // then the first to vanish is not called until the other one has, which was renewed up to TTL/3 later
        Duration apart = keysRanOut ? Scene.TTL.dividedBy(3) : Duration.ZERO;
        client.soFar()
                .since(denied.nanoTime())
                .spreadOver(List.of("1", "2"), Duration.ofSeconds(1).plus(apart));
        if (!keysRanOut) {
            client.lists().neverChanged();
        }

        operator.grant("server", Permission.Type.READWRITE, "/grpclb/");
        operator.grant("client", Permission.Type.READ, "/grpclb/");
        operator.put(Scene.PREFIX + "by-hand", "127.0.0.1:1");
        Moment granted = Moment.now();
        // what etcd refuses is asked for again every half minute
        Duration recovery = Duration.ofSeconds(30).plus(Scene.RECOVERY);
        granted.within(recovery, "change seen", () -> client.lists().last().contains("127.0.0.1:1"));
        granted.within(recovery, "healthy", () -> servers.stream()
                .map(SampleServer::health)
                .allMatch(health -> health.contains("\"visible\":true") && !health.contains("\"refused\"")));
        assertThat(servers).allSatisfy(each -> assertThat(each.registrations()).isEqualTo(keysRanOut ? 2 : 1));
        assertThat(client.lists().last()).hasSize(3);
        client.stop().allSucceeded(1000);
    }

    /** An event is the expiry of a token, which each renewal of a server finds, or its loss, which everybody finds once. */
    private static void countsAuthentications(EtcdProcess etcd, Moment from, long before, Duration time) {
        Scene.during(time);
        long asked = etcd.authentications() - before;
        long renewals = from.elapsed().dividedBy(TTL.dividedBy(3)) + 1;
        long events = SERVERS * renewals + 1;
        System.out.printf("%d Authenticate for %d events at most%n", asked, events);
        assertThat(asked).as("Authenticate calls").isBetween(1L, AUTHENTICATIONS_AN_EVENT * events);
    }
}
