package io.github.grpclb.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.actuate.endpoint.SanitizableData;

class SecretSanitizerTest {

    @ParameterizedTest
    @CsvSource({
        "grpc.lb.etcd.password, x, true",
        "GRPC_LB_ETCD_PASSWORD, x, true",
        "grpc.lb.etcd.username, x, false",
        "grpc.lb.xds.token, x, true",
        "GRPC_LB_XDS_TOKEN, x, true",
        "other.password, x, false",
        "spring.ssl.bundle.pem.my-etcd.keystore.private-key-password, x, true",
        "spring.ssl.bundle.jks.myEtcd.keystore.password, x, true",
        "spring.ssl.bundle.pem.my-etcd.keystore.private-key, -----BEGIN PRIVATE KEY-----, true",
        "spring.ssl.bundle.pem.my-etcd.keystore.private-key, /etc/key.pem, false",
        "spring.ssl.bundle.pem.web.keystore.private-key-password, x, false"
    })
    void hidesWhatIsSecretForEtcd(String key, String value, boolean hidden) {
        SanitizableData shown = new SecretSanitizer(List.of("my-etcd")).apply(new SanitizableData(null, key, value));
        assertThat(shown.getValue()).isEqualTo(hidden ? SanitizableData.SANITIZED_VALUE : value);
    }
}
