package io.github.grpclb.etcd.override;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.etcd.record.KeySpace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where overrides may be. */
class OverridePrefixTest {

    @ParameterizedTest
    @CsvSource({
        "/grpclb-overrides/, /grpclb/, /grpclb-overrides/",
        "/grpclb-overrides, /grpclb/, /grpclb-overrides/",
        "overrides, /microservices/, overrides/",
        "/grpclb-overrides/, '', /grpclb-overrides/",
    })
    void isApartFromTheEndpoints(String written, String endpoints, String expected) {
        assertThat(OverridePrefix.of(written, new KeySpace(endpoints)).prefix()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "/grpclb/, /grpclb/",
        "/grpclb, /grpclb/",
        "/grpclb/overrides/, /grpclb/",
        "/grpclb/, /grpclb/endpoints/",
        "overrides/, ''",
        "/, /grpclb/",
    })
    void isRefusedWithin(String written, String endpoints) {
        assertThatThrownBy(() -> OverridePrefix.of(written, new KeySpace(endpoints)))
                .isInstanceOf(IllegalValueException.class)
                .hasMessage("overridesPrefix: '" + (written.endsWith("/") ? written : written + "/")
                        + "' (expected: a prefix apart from grpc.lb.etcd.prefix, which is '" + endpoints
                        + "': neither may begin with the other)");
    }

    @ParameterizedTest
    @CsvSource({"''", "' '", "/a b/", "/a/../b/"})
    void isRefusedAsNone(String written) {
        assertThatThrownBy(() -> OverridePrefix.of(written, new KeySpace("/grpclb/")))
                .isInstanceOf(IllegalValueException.class)
                .hasMessageContaining("overridesPrefix: '" + written + "' (expected: a prefix of visible characters");
    }

    @Test
    void findsTheServiceOfAKey() {
        KeySpace keys = new KeySpace("/o/");
        assertThat(OverridePrefix.service(keys, "/o/svc/a")).isEqualTo("svc");
        assertThat(OverridePrefix.service(keys, "/o/com.acme/orders/a")).isEqualTo("com.acme/orders");
        for (String key : new String[] {"/o/a", "/o//a", "/o/svc/", "/x/svc/a", "/o/../a", "/o/"}) {
            assertThat(OverridePrefix.service(keys, key)).as(key).isNull();
        }
    }
}
