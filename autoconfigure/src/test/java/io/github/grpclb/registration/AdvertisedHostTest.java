package io.github.grpclb.registration;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.FaultRow;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

@FaultRow({33, 34})
class AdvertisedHostTest {

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "*", "0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0"})
    void replacesAWildcardByARoutableAddress(String wildcard) {
        assertThat(AdvertisedHost.derive(wildcard, addresses("127.0.0.1", "169.254.7.7", "10.0.0.5", "10.0.0.6")))
                .hasValue("10.0.0.5");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "10.0.0.9", "server-1.internal"})
    void takesAConcreteBindAddressAsItIs(String concrete) {
        assertThat(AdvertisedHost.derive(concrete, addresses("10.0.0.5"))).hasValue(concrete);
    }

    @Test
    void takesTheBracketsOffAnIpv6Literal() {
        assertThat(AdvertisedHost.derive("[2001:db8::1]", List.of())).hasValue("2001:db8::1");
    }

    @Test
    void prefersIpv4() {
        assertThat(AdvertisedHost.derive("*", addresses("2001:db8::1", "10.0.0.5")))
                .hasValue("10.0.0.5");
        assertThat(AdvertisedHost.derive("*", addresses("fe80::1", "2001:db8::1")))
                .hasValue("2001:db8:0:0:0:0:0:1");
    }

    @Test
    void leavesOutTheInterfaceOfAnIpv6Address() throws UnknownHostException {
        byte[] bytes = address("2001:db8::1").getAddress();
        assertThat(AdvertisedHost.derive("*", List.of(Inet6Address.getByAddress(null, bytes, 2))))
                .hasValue("2001:db8:0:0:0:0:0:1");
    }

    @Test
    void findsNothingWhereOthersCannotReachAnything() {
        assertThat(AdvertisedHost.derive("*", addresses("127.0.0.1", "::1", "169.254.1.1", "fe80::1")))
                .isEmpty();
    }

    private static List<InetAddress> addresses(String... literals) {
        return Arrays.stream(literals).map(AdvertisedHostTest::address).toList();
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(literal, e);
        }
    }
}
