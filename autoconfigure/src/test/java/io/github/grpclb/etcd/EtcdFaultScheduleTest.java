package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Loops under random faults, reproducible by their seed: whatever happened, all is well soon after it has ended. */
class EtcdFaultScheduleTest {

    private static final int SEEDS = 50;
    private static final int SERVERS = 3;
    private static final int FAULTS = 12;
    private static final Duration TTL = Duration.ofSeconds(10);

    /** A pause of 30 s for what only a person can help with, a lease of a process that is gone, and a recovery. */
    private static final Duration CALM = Duration.ofSeconds(60);

    @ParameterizedTest
    @ValueSource(longs = {0, 1000, 2000, 3000})
    void allIsWellAfterTheFaults(long first) {
        for (long seed = first; seed < first + SEEDS; seed++) {
            new Schedule(seed).run();
        }
    }

    private static final class Schedule {

        private final long seed;
        private final Random random;
        private final VirtualScheduler scheduler = new VirtualScheduler();
        private final FakeEtcd etcd = new FakeEtcd(scheduler);
        private final EtcdLoop loop;
        private final List<FakeEtcd.FakeClient> clients = new ArrayList<>();
        private final List<Registration> registrations = new ArrayList<>();
        private final LatestList list = new LatestList();

        Schedule(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            this.loop = new EtcdLoop(scheduler, scheduler::nanos, new Random(seed));
        }

        void run() {
            KeySpace keys = new KeySpace("/grpclb/");
            for (int i = 0; i < SERVERS; i++) {
                EtcdRegistrar registrar = new EtcdRegistrar(
                        loop, api(), keys, FakeEtcd.CALL_TIMEOUT, TTL, Duration.ofSeconds(3), EtcdObserver.NONE);
                registrations.add(registrar.register(server(i)));
            }
            new EtcdEndpointSource(loop, api(), keys, Duration.ofHours(1), EtcdObserver.NONE).subscribe("svc", list);
            for (int i = 0; i < FAULTS; i++) {
                scheduler.advance(Duration.ofMillis(random.nextInt(12_000)));
                fault();
            }
            etcd.health(FakeEtcd.Health.UP);
            etcd.refuse(null);
            etcd.loseAnswers(false);
            etcd.muteWatches(false);
            clients.forEach(client -> client.cut(false));
            scheduler.advance(CALM);
            check();
        }

        private void check() {
            assertThat(registrations).as("seed %d", seed).allSatisfy(registration -> assertThat(registration.state())
                    .isEqualTo(Registration.State.REGISTERED));
            assertThat(etcd.keys()).as("seed %d", seed).hasSize(SERVERS);
            assertThat(etcd.leaseCount()).as("seed %d: leases", seed).isEqualTo(SERVERS);
            assertThat(etcd.watchCount()).as("seed %d: watches", seed).isEqualTo(1);
            assertThat(list.endpoints())
                    .as("seed %d", seed)
                    .extracting(Endpoint::address, Endpoint::weight)
                    .containsExactlyElementsOf(registrations.stream()
                            .map(Registration::endpoint)
                            .map(endpoint -> tuple(endpoint.address(), endpoint.weight()))
                            .toList());
        }

        private void fault() {
            String key = "/grpclb/svc/" + server(random.nextInt(SERVERS)).address();
            switch (random.nextInt(14)) {
                case 0 -> etcd.health(FakeEtcd.Health.DOWN);
                case 1 -> etcd.health(FakeEtcd.Health.PAUSED);
                case 2, 3 -> etcd.health(FakeEtcd.Health.UP);
                case 4 -> etcd.wipe();
                case 5 -> etcd.compact();
                case 6 -> etcd.delete(key);
                case 7 -> etcd.put(key, String.valueOf(random.nextInt(9)));
                case 8 -> etcd.put(key, "oops");
                case 9 -> etcd.loseAnswers(random.nextBoolean());
                case 10 -> etcd.muteWatches(random.nextBoolean());
                case 11 -> clients.get(random.nextInt(clients.size())).cut(random.nextBoolean());
                case 12 -> {
                    EtcdException.Kind[] kinds = EtcdException.Kind.values();
                    etcd.refuse(random.nextBoolean() ? null : kinds[random.nextInt(kinds.length)]);
                }
                default -> {
                    Registration registration = registrations.get(random.nextInt(SERVERS));
                    registration.update(registration.endpoint().toBuilder()
                            .weight(random.nextInt(9))
                            .build());
                }
            }
        }

        private EtcdApi api() {
            return new ReconnectingApi(
                    loop,
                    () -> {
                        FakeEtcd.FakeClient client = etcd.client();
                        clients.add(client);
                        return client;
                    },
                    "http://etcd:2379");
        }

        private static Endpoint server(int number) {
            return Endpoint.builder("svc", "10.0.0." + (number + 1), 1)
                    .id("s" + number)
                    .startedAt(1)
                    .build();
        }
    }
}
