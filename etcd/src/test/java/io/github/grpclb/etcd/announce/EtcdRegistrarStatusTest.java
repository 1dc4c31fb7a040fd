package io.github.grpclb.etcd.announce;

import static io.github.grpclb.etcd.announce.RegistrarSetup.ENDPOINT;
import static io.github.grpclb.etcd.announce.RegistrarSetup.KEY;
import static io.github.grpclb.etcd.announce.RegistrarSetup.RECOVERY;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.Status;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What a registration says of itself. */
class EtcdRegistrarStatusTest {

    private final RegistrarSetup setup = new RegistrarSetup();
    private final FakeEtcd etcd = setup.etcd;

    @Test
    @FaultRow(1)
    void saysWhyAndSinceWhenItIsNotRegisteredAndThatItIsVisibleOnceItIs() {
        etcd.health(FakeEtcd.Health.DOWN);
        Registration registration = setup.register();
        setup.after(Duration.ofSeconds(59));
        Status pending = registration.status();
        assertThat(pending.state()).isEqualTo(State.PENDING);
        assertThat(pending.forTime()).isBetween(Duration.ofSeconds(59), Duration.ofSeconds(61));
        assertThat(pending.reason()).isEqualTo("etcd unreachable: connection refused");
        assertThat(pending.visible()).isFalse();
        assertThat(pending.lag()).isNull();
        etcd.health(FakeEtcd.Health.UP);
        setup.after(RECOVERY);
        Status registered = registration.status();
        assertThat(registered.state()).isEqualTo(State.REGISTERED);
        assertThat(registered.forTime()).isLessThan(RECOVERY);
        assertThat(registered.reason()).isNull();
        assertThat(registered.visible()).isTrue();
        assertThat(registered.lag()).isEqualTo(FakeEtcd.LATENCY.multipliedBy(2));
    }

    @Test
    void isNotVisibleUntilWhatWasWrittenLastWasReadBack() {
        Registration registration = setup.register();
        registration.update(ENDPOINT.toBuilder().weight(7).build());
        setup.after(FakeEtcd.LATENCY.multipliedBy(2));
        assertThat(etcd.value(KEY)).contains("\"weight\":7");
        assertThat(registration.status().visible()).isFalse();
        setup.after(FakeEtcd.LATENCY);
        assertThat(registration.status().visible()).isTrue();
        assertThat(registration.status().lag()).isEqualTo(FakeEtcd.LATENCY.multipliedBy(2));
    }

    @Test
    void isNotVisibleWhileItIsLost() {
        Registration registration = setup.register();
        etcd.health(FakeEtcd.Health.PAUSED);
        setup.after(Duration.ofSeconds(20));
        assertThat(registration.status().visible()).isFalse();
        assertThat(registration.status().reason()).startsWith("not renewed within 10 s");
    }

    @Test
    void isVisibleAgainAfterAnOutageThatItsLeaseSurvived() {
        Registration registration = setup.register();
        Duration lag = registration.status().lag();
        etcd.health(FakeEtcd.Health.DOWN);
        setup.after(Duration.ofSeconds(20));
        etcd.health(FakeEtcd.Health.UP);
        setup.after(Duration.ofSeconds(20));
        assertThat(registration.status().state()).isEqualTo(State.REGISTERED);
        assertThat(registration.status().visible()).isTrue();
        assertThat(registration.status().lag()).isEqualTo(lag);
    }

    @Test
    void staysVisibleWhereAnUpdateChangesNothing() {
        Registration registration = setup.register();
        registration.update(registration.endpoint());
        setup.after(Duration.ofSeconds(1));
        assertThat(registration.status().visible()).isTrue();
    }
}
