package io.github.grpclb.resolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Cidr;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.hosts.CheckedLookup;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.testing.FaultRow;
import io.grpc.EquivalentAddressGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

@FaultRow(46)
class CheckedLookupTest {

    private List<InetAddress> answer = addresses("10.0.0.1");

    @Test
    void leavesOutWhatIsNotAllowed() throws Exception {
        answer = addresses("169.254.169.254", "10.0.0.1", "127.0.0.1");
        AddressRules rules = new AddressRules(List.of(), List.of(), false);
        assertThat(checked(rules).addressesOf("host")).isEqualTo(addresses("10.0.0.1"));
    }

    @Test
    void saysWhatANameLeadsToThatIsNotAllowed() {
        AddressRules rules = new AddressRules(List.of(Cidr.parse("10.0.0.0/8")), List.of(), true);
        answer = addresses("192.168.0.1");
        assertThatThrownBy(() -> checked(rules).addressesOf("host"))
                .isInstanceOf(UnknownHostException.class)
                .hasMessage("it leads to 192.168.0.1 (expected: an address within one of [10.0.0.0/8])");
    }

    @Test
    void aNameThatIsReboundKeepsItsLastGoodAddress() {
        HostNames hostNames = new HostNames(checked(AddressRules.DEFAULT), Runnable::run, () -> {});
        AddressGroups groups = new AddressGroups(hostNames);
        List<Endpoint> endpoints =
                List.of(Endpoint.builder("greeter", "host.example", 80).build());
        List<EquivalentAddressGroup> before = groups.of(endpoints, 0);
        answer = addresses("169.254.169.254");
        hostNames.lookUpAgain();
        assertThat(groups.of(endpoints, 0)).isEqualTo(before);
        assertThat(before.get(0).getAddresses()).containsExactly(new InetSocketAddress("10.0.0.1", 80));
    }

    private CheckedLookup checked(AddressRules rules) {
        return new CheckedLookup(rules, host -> answer);
    }

    private static List<InetAddress> addresses(String... literals) {
        return Stream.of(literals).map(InetAddresses::forString).toList();
    }
}
