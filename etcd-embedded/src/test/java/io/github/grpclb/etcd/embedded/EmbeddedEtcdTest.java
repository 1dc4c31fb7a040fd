package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.api.RangeRequest;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddedEtcdTest {

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.1"})
    void refusesToBeReachedFromOutside(String host) {
        assertThatThrownBy(() -> EmbeddedEtcd.start(host, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + host + "' is not a loopback address");
    }

    @Test
    void tellsWhichPortIsTaken() {
        try (EmbeddedEtcd first = EmbeddedEtcd.start("127.0.0.1", 0)) {
            int port = first.endpoint().getPort();

            assertThatThrownBy(() -> EmbeddedEtcd.start("127.0.0.1", port))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessage("Embedded etcd cannot listen on 127.0.0.1:" + port);
        }
    }

    @Test
    void freesItsPortAndForgetsItsDataWhenClosed() {
        EmbeddedEtcd first = EmbeddedEtcd.start("127.0.0.1", 0);
        int port = first.endpoint().getPort();
        first.close();
        first.close();

        // a free port is anyone's: somebody else's connection may have it for a moment
        try (EmbeddedEtcd second = await().ignoreExceptionsInstanceOf(UncheckedIOException.class)
                        .until(() -> EmbeddedEtcd.start("127.0.0.1", port), started -> true);
                RawEtcdClient client = new RawEtcdClient(second.endpoint())) {
            RangeRequest anything =
                    RangeRequest.newBuilder().setKey(RawEtcdClient.bytes("a")).build();
            assertThat(client.kv().range(anything).getHeader().getRevision()).isOne();
        }
    }
}
