package io.github.grpclb.etcd.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.io.IOException;
import java.net.ConnectException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EtcdExceptionTest {

    /** Java's own, and those of Netty's native transport in two versions. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection refused: /127.0.0.1:2379",
                "finishConnect(..) failed: Connection refused: /127.0.0.1:2379",
                "finishConnect(..) failed with error(-111): Connection refused: /127.0.0.1:2379"
            })
    void saysTheSameOfARefusedConnectionWhoeverCarriesIt(String cause) {
        assertThat(of(new ConnectException(cause))).hasMessage("etcd unreachable: Connection refused: /127.0.0.1:2379");
    }

    @Test
    void saysWhyAConnectionEnded() {
        assertThat(of(new IOException("recvAddress(..) failed with error(-104): Connection reset by peer")))
                .hasMessage("etcd unreachable: Connection reset by peer");
    }

    private static EtcdException of(Exception cause) {
        return EtcdException.of(Status.UNAVAILABLE
                .withDescription("io exception")
                .withCause(cause)
                .asRuntimeException());
    }
}
