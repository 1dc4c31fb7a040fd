package io.github.grpclb.etcd.announce;

import static io.github.grpclb.etcd.announce.RegistrarSetup.ENDPOINT;
import static io.github.grpclb.etcd.announce.RegistrarSetup.KEY;
import static io.github.grpclb.etcd.announce.RegistrarSetup.TTL;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.Status;
import io.github.grpclb.discovery.RegistryObserver.Loss;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Registrars of several processes with one address or one id. */
@ExtendWith(CapturedLog.Extension.class)
class EtcdRegistrarConflictTest {

    private final RegistrarSetup setup = new RegistrarSetup();
    private final FakeEtcd etcd = setup.etcd;

    /** Looked for once, with one read. */
    @Test
    void saysThatAnotherServerHasItsId(CapturedLog output) {
        etcd.put(
                "/grpclb/greeter/10.0.0.9:8080",
                "{\"Op\":0,\"Addr\":\"10.0.0.9:8080\",\"Metadata\":{\"id\":\"a\",\"state\":\"running\"}}");
        etcd.put("/grpclb/greeter/oops", "oops");
        setup.register();
        setup.after(Duration.ofMinutes(5));
        assertThat(output.toString().lines().filter(line -> line.contains("two servers have the id 'a'")))
                .singleElement()
                .asString()
                .contains(KEY, "10.0.0.1:8080", "/grpclb/greeter/10.0.0.9:8080");
    }

    @Test
    void leavesTheKeyOfALiveProcessAlone() {
        EtcdRegistrar first = setup.registrar(etcd.client());
        Registration held =
                first.register(ENDPOINT.toBuilder().id("first").startedAt(1).build());
        setup.after(Duration.ofSeconds(1));
        Registration second = setup.register();
        setup.after(Duration.ofMinutes(5));
        assertThat(second.state()).isEqualTo(State.CONFLICT);
        assertThat(setup.conflicts).as("told once").singleElement().asString().contains("(id first, startedAt 1, ");
        assertThat(second.registered()).isNotDone();
        assertThat(etcd.value(KEY)).contains("\"id\":\"first\"");
        assertThat(held.state()).isEqualTo(State.REGISTERED);
        second.withdraw();
        setup.after(Duration.ofSeconds(1));
        assertThat(etcd.value(KEY)).contains("\"id\":\"first\"");
    }

    @Test
    void takesThePlaceOfAProcessThatWithdraws() {
        EtcdRegistrar first = setup.registrar(etcd.client());
        Registration held =
                first.register(ENDPOINT.toBuilder().id("first").startedAt(1).build());
        setup.after(Duration.ofSeconds(1));
        Registration second = setup.register();
        setup.after(Duration.ofMinutes(1));
        held.withdraw();
        setup.after(Duration.ofSeconds(6));
        assertThat(second.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.value(KEY)).contains("\"id\":\"a\"");
    }

    @Test
    @FaultRow(28)
    void takesOverFromAKilledProcessBeforeTheAddressVanishes() {
        FakeEtcd.FakeClient killed = etcd.client();
        setup.registrar(killed).register(ENDPOINT.toBuilder().startedAt(1).build());
        setup.after(Duration.ofSeconds(1));
        killed.cut(true);
        Registration restarted = setup.register();
        for (int i = 0; i < 200; i++) {
            setup.after(Duration.ofMillis(100));
            assertThat(etcd.keys()).containsExactly(KEY);
        }
        assertThat(restarted.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.value(KEY)).contains("\"startedAt\":1000");
    }

    @Test
    void takesOverFromItsOwnEarlierLeaseAtOnce() {
        Registration registration = setup.register();
        long other = etcd.grantNow(Duration.ofMinutes(5));
        etcd.put(KEY, etcd.record(KEY).value(), other);
        setup.after(TTL.dividedBy(3).plusMillis(20));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.record(KEY).lease()).isNotEqualTo(other);
    }

    @Test
    void goesBackToWaitingWhenAnotherProcessOverwritesIt() {
        Registration registration = setup.register();
        long other = etcd.grantNow(Duration.ofSeconds(30));
        etcd.put(KEY, ByteString.copyFromUtf8("10.0.0.1:8080"), other);
        setup.after(TTL.dividedBy(3).plusMillis(20));
        assertThat(registration.state()).isEqualTo(State.CONFLICT);
        assertThat(setup.losses).containsExactly(Loss.TAKEN_OVER);
        setup.after(Duration.ofSeconds(30));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
    }

    @Test
    void namesTheProcessThatItConflictsWith() {
        setup.registrar(etcd.client())
                .register(ENDPOINT.toBuilder().id("fir\nst").startedAt(1).build());
        setup.after(Duration.ofSeconds(1));
        Status status = setup.register().status();
        assertThat(status.state()).isEqualTo(State.CONFLICT);
        assertThat(status.reason())
                .matches("another process \\(id fir\\\\u000ast, startedAt 1, lease [0-9a-f]+\\) holds the key");
    }
}
