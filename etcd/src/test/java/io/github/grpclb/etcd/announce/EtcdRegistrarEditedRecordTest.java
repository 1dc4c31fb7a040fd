package io.github.grpclb.etcd.announce;

import static io.github.grpclb.etcd.announce.RegistrarSetup.ENDPOINT;
import static io.github.grpclb.etcd.announce.RegistrarSetup.KEY;
import static io.github.grpclb.etcd.announce.RegistrarSetup.TTL;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.RegistryObserver.Loss;
import io.github.grpclb.etcd.FakeEtcd;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A registrar whose record an operator edits or deletes. */
class EtcdRegistrarEditedRecordTest {

    private final RegistrarSetup setup = new RegistrarSetup();
    private final FakeEtcd etcd = setup.etcd;

    @Test
    void putsBackADeletedKey() {
        setup.register();
        etcd.delete(KEY);
        setup.after(TTL.dividedBy(3).plusMillis(20));
        assertThat(etcd.keys()).containsExactly(KEY);
        assertThat(setup.losses).containsExactly(Loss.KEY_DELETED);
        assertThat(etcd.grants()).isEqualTo(1);
    }

    /** What is taken over from etcd is an operator's word, not a hint of another framework. */
    @ParameterizedTest
    @ValueSource(strings = {"1.5", "\"heavy\"", "2,\"state\":\"running\""})
    void adoptsNoWeightFromARecordThatItCannotReadAsAWhole(String weight) {
        Registration registration = setup.register();
        etcd.put(KEY, "{\"Op\":0,\"Addr\":\"10.0.0.1:8080\",\"Metadata\":{\"weight\":" + weight + "}}");
        setup.after(TTL);
        assertThat(registration.endpoint()).isEqualTo(ENDPOINT);
        assertThat(etcd.value(KEY)).contains("\"weight\":5");
    }

    /** With {@code etcdctl put --ignore-lease} the key stays under the server's lease, with a plain put it does not. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void keepsAWeightThatAnOperatorSets(boolean ignoreLease) {
        Registration registration = setup.register();
        long lease = etcd.record(KEY).lease();
        etcd.put(
                KEY,
                ByteString.copyFromUtf8(
                        "{\"Op\":0,\"Addr\":\"10.0.0.1:8080\",\"Metadata\":{\"weight\":1,\"zone\":\"lost\"}}"),
                ignoreLease ? lease : 0);
        setup.after(TTL.dividedBy(3).plusMillis(20));
        assertThat(registration.endpoint())
                .isEqualTo(ENDPOINT.toBuilder().weight(1).build());
        assertThat(etcd.value(KEY)).contains("\"id\":\"a\"", "\"weight\":1").doesNotContain("lost");
        assertThat(etcd.record(KEY).lease()).isEqualTo(lease);
        assertThat(setup.losses).isEmpty();
        etcd.delete(KEY);
        setup.after(TTL);
        assertThat(etcd.value(KEY)).contains("\"weight\":1");
    }

    @Test
    void restoresAValueThatSaysNothingUseful() {
        setup.register();
        long lease = etcd.record(KEY).lease();
        for (String value : List.of("oops", "", "10.0.0.2:8080")) {
            etcd.put(KEY, value);
            setup.after(TTL.dividedBy(3).plusMillis(20));
            assertThat(etcd.value(KEY)).contains("\"weight\":5");
            assertThat(etcd.record(KEY).lease()).isEqualTo(lease);
        }
        assertThat(setup.losses).containsOnly(Loss.VALUE_OVERWRITTEN).hasSize(3);
    }

    @Test
    void takesBackARecordThatLostItsLease() {
        setup.register();
        long lease = etcd.record(KEY).lease();
        etcd.put(KEY, etcd.value(KEY));
        setup.after(TTL.dividedBy(3).plusMillis(20));
        assertThat(etcd.record(KEY).lease()).isEqualTo(lease);
    }
}
