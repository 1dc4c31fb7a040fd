package io.github.grpclb.etcd.announce;

import static io.github.grpclb.etcd.announce.RegistrarSetup.ENDPOINT;
import static io.github.grpclb.etcd.announce.RegistrarSetup.KEY;
import static io.github.grpclb.etcd.announce.RegistrarSetup.TTL;
import static io.github.grpclb.etcd.announce.RegistrarSetup.WITHDRAW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class EtcdRegistrarTest {

    private final RegistrarSetup setup = new RegistrarSetup();
    private final FakeEtcd etcd = setup.etcd;

    @Test
    void announcesUnderALeaseAndKeepsIt() {
        Registration registration = setup.register();
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(registration.registered()).isCompleted();
        assertThat(etcd.value(KEY))
                .isEqualTo("{\"Op\":0,\"Addr\":\"10.0.0.1:8080\",\"Metadata\":"
                        + "{\"id\":\"a\",\"startedAt\":1000,\"state\":\"up\",\"weight\":5}}");
        long revision = etcd.revision();
        setup.after(Duration.ofHours(1));
        assertThat(etcd.revision()).isEqualTo(revision);
        assertThat(etcd.grants()).isEqualTo(1);
        assertThat(setup.losses).isEmpty();
    }

    @Test
    void knowsWhetherThereAreOthersOfTheService() {
        Registration registration = setup.register();
        etcd.put("/grpclb/other/10.0.0.2:8080", "10.0.0.2:8080");
        assertThat(hasOthers(registration)).isFalse();
        etcd.put("/grpclb/greeter/10.0.0.0:8080", "10.0.0.0:8080");
        assertThat(hasOthers(registration)).isTrue();
        etcd.delete("/grpclb/greeter/10.0.0.0:8080");
        assertThat(hasOthers(registration)).isFalse();
        etcd.health(FakeEtcd.Health.DOWN);
        assertThat(hasOthers(registration)).isTrue();
    }

    private boolean hasOthers(Registration registration) {
        CompletableFuture<Boolean> others = registration.hasOthers();
        setup.after(Duration.ofSeconds(1));
        return others.join();
    }

    @Test
    void announcesNewValuesUnderTheSameLease() {
        Registration registration = setup.register();
        long lease = etcd.record(KEY).lease();
        CompletableFuture<Void> done = registration.update(
                ENDPOINT.toBuilder().state(Endpoint.State.DRAINING).build());
        setup.after(Duration.ofMillis(10));
        assertThat(done).isCompleted();
        assertThat(etcd.value(KEY)).contains("\"state\":\"draining\"");
        assertThat(etcd.record(KEY).lease()).isEqualTo(lease);
        assertThat(setup.losses).isEmpty();
    }

    @Test
    void theLastOfManyUpdatesStands() {
        Registration registration = setup.register();
        List<CompletableFuture<Void>> updates = new ArrayList<>();
        for (int weight = 1; weight <= 20; weight++) {
            updates.add(registration.update(ENDPOINT.toBuilder().weight(weight).build()));
        }
        setup.after(Duration.ofSeconds(1));
        assertThat(updates).allSatisfy(update -> assertThat(update).isCompleted());
        assertThat(etcd.value(KEY)).contains("\"weight\":20");
    }

    @Test
    void refusesAnUpdateOfAnotherAddress() {
        Registration registration = setup.register();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> registration.update(
                        Endpoint.builder("greeter", "10.0.0.1", 9).build()))
                .withMessageContaining("10.0.0.1:9");
    }

    @Test
    void costsEtcdOneReadAWriteAndOneARenewal() {
        setup.register();
        int calls = etcd.calls();
        setup.after(TTL.multipliedBy(10));
        assertThat(etcd.calls() - calls).isBetween(56, 60);
    }

    @Test
    void asksForNoShorterTimeThanWasWanted() {
        Duration wanted = Duration.ofMillis(2900);
        EtcdLoop loop = new EtcdLoop(setup.scheduler, setup.scheduler::nanoTime, new Random(7));
        new EtcdRegistrar(
                        loop,
                        setup.client,
                        new KeySpace("/grpclb/"),
                        List.of(),
                        FakeEtcd.CALL_TIMEOUT,
                        wanted,
                        WITHDRAW,
                        RegistryObserver.NONE)
                .register(ENDPOINT);
        setup.after(Duration.ofMillis(10));
        assertThat(etcd.store().leases().values()).singleElement().satisfies(lease -> assertThat(lease.ttl)
                .isEqualTo(Duration.ofSeconds(3)));
    }

    @Test
    void refusesWhatNoClientCouldReach() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> setup.registrar.register(
                        Endpoint.builder("greeter", "0.0.0.0", 8080).build()))
                .withMessageContaining("0.0.0.0:8080");
    }

    @Test
    void refusesTheSameAddressTwice() {
        Registration registration = setup.register();
        assertThatIllegalStateException().isThrownBy(() -> setup.registrar.register(ENDPOINT));
        registration.withdraw();
        setup.after(Duration.ofMillis(10));
        assertThat(setup.register().state()).isEqualTo(State.REGISTERED);
    }
}
