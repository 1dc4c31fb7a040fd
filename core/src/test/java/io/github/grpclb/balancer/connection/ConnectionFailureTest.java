package io.github.grpclb.balancer.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.netty.handler.ssl.NotSslRecordException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

class ConnectionFailureTest {

    @Test
    void namesTheSettingWhereTheServerSpeaksNoTls() {
        Status status = failed(new NotSslRecordException("not an SSL/TLS record: 0000"));
        assertThat(ConnectionFailure.describe(status))
                .startsWith("io exception (")
                .contains("grpc.client.<name>.negotiation-type=plaintext");
    }

    @Test
    void namesTheExpectedNameWhereACertificateIsRefused() {
        Status status = failed(new SSLHandshakeException("General OpenSslEngine problem")
                .initCause(new CertificateException("No name matching greeter found")));
        assertThat(ConnectionFailure.describe(status))
                .contains("No name matching greeter found", "grpc.client.<name>.security.authority-override");
    }

    @Test
    void leavesOtherFailuresAsTheyAre() {
        assertThat(ConnectionFailure.describe(failed(new java.net.ConnectException("refused"))))
                .isEqualTo("io exception");
        assertThat(ConnectionFailure.describe(Status.UNAVAILABLE.withDescription("gone")))
                .isEqualTo("gone");
    }

    @Test
    void endsWhereCausesGoInACircle() {
        Exception one = new Exception("one");
        one.initCause(new Exception("two", one));
        assertThat(ConnectionFailure.describe(failed(one))).isEqualTo("io exception");
    }

    private static Status failed(Throwable cause) {
        return Status.UNAVAILABLE.withDescription("io exception").withCause(cause);
    }
}
