package io.github.grpclb.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.FaultRow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@FaultRow({33, 34})
class AdvertisedHostTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "*", "0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0"})
    void knowsWhatMeansEveryAddress(String wildcard) {
        assertThat(AdvertisedHost.isWildcard(wildcard)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "10.0.0.9", "server-1.internal", "::1", "[2001:db8::1]"})
    void knowsWhatMeansOne(String concrete) {
        assertThat(AdvertisedHost.isWildcard(concrete)).isFalse();
    }

    @Test
    void takesTheBracketsOffAnIpv6Literal() {
        assertThat(AdvertisedHost.withoutBrackets("[2001:db8::1]")).isEqualTo("2001:db8::1");
    }
}
