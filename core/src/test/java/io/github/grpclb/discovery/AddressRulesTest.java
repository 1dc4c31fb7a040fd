package io.github.grpclb.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.net.InetAddresses;
import io.github.grpclb.testing.FaultRow;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@FaultRow(46)
class AddressRulesTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "0.1.2.3",
                "::",
                "224.0.0.1",
                "ff02::1",
                "255.255.255.255",
                "240.0.0.1",
                "169.254.169.254",
                "fe80::1",
                "::ffff:169.254.169.254",
                "64:ff9b::169.254.169.254"
            })
    void refuseWhatIsNoSingleMachineWhateverIsAllowed(String address) {
        AddressRules all = rules(List.of("0.0.0.0/0", "::/0"), List.of());
        assertThat(AddressRules.DEFAULT.refusalOf(InetAddresses.forString(address)))
                .startsWith("one machine");
        assertThat(all.refusalOf(InetAddresses.forString(address))).startsWith("one machine");
        assertThat(all.refusalOfLiteral(InetAddresses.forString(address))).startsWith("one machine");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1", "10.0.0.1", "fd00::1", "8.8.8.8", "64:ff9b::8.8.8.8"})
    void allowAnySingleMachineByDefault(String address) {
        assertThat(AddressRules.DEFAULT.refusalOfLiteral(InetAddresses.forString(address)))
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.9.9.9", "::1"})
    void refuseLoopbackWhereThatIsSaid(String address) {
        AddressRules rules = new AddressRules(List.of(), List.of(), false);
        assertThat(rules.refusalOf(InetAddresses.forString(address))).contains("not loopback");
    }

    @Test
    void allowOnlyTheNetworksThatAreNamed() {
        AddressRules rules = rules(List.of("10.1.0.0/16", "fd00::/8"), List.of());
        assertThat(rules.refusalOfLiteral(InetAddresses.forString("10.1.255.255")))
                .isNull();
        assertThat(rules.refusalOf(InetAddresses.forString("fdff::1"))).isNull();
        assertThat(rules.refusalOfName("any.example")).isNull();
        for (String other : List.of("10.2.0.0", "127.0.0.1", "fe00::1")) {
            assertThat(rules.refusalOfLiteral(InetAddresses.forString(other)))
                    .isEqualTo("an address within one of [10.1.0.0/16, fd00::/8]");
        }
    }

    @Test
    void allowOnlyTheDomainsThatAreNamedAndThenNoLiteral() {
        AddressRules rules = rules(List.of(), List.of(".Svc.cluster.local"));
        assertThat(rules.refusalOfName("a.svc.cluster.LOCAL")).isNull();
        assertThat(rules.refusalOfName("svc.cluster.local")).isNull();
        assertThat(rules.refusalOfName("evilsvc.cluster.local")).contains("svc.cluster.local");
        assertThat(rules.refusalOfName("svc.cluster.local.evil.example")).isNotNull();
        assertThat(rules.refusalOfLiteral(InetAddresses.forString("10.0.0.1"))).contains("host name");
        assertThat(rules.refusalOf(InetAddresses.forString("10.0.0.1"))).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "0.0.0.0/0, 9.9.9.9, true",
        "10.0.0.0/12, 10.15.255.255, true",
        "10.0.0.0/12, 10.16.0.0, false",
        "10.0.0.1/32, 10.0.0.1, true",
        "10.0.0.1/32, 10.0.0.0, false",
        "10.9.8.7/8, 10.0.0.0, true",
        "fd00::/127, fd00::1, true",
        "fd00::/127, fd00::2, false",
        "::/0, 10.0.0.1, false"
    })
    void networksAreComparedByBits(String cidr, String address, boolean contains) {
        assertThat(Cidr.parse(cidr).contains(InetAddresses.forString(address))).isEqualTo(contains);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "fd00::/129", "10.0.0/8", "host/8", "10.0.0.0/8/8"
            })
    void nameWhatIsNoNetwork(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Cidr.parse(text)).withMessageContaining("(expected: ");
    }

    private static AddressRules rules(List<String> cidrs, List<String> suffixes) {
        return new AddressRules(cidrs.stream().map(Cidr::parse).toList(), suffixes, true);
    }
}
