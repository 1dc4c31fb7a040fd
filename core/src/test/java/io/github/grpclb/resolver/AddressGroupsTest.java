package io.github.grpclb.resolver;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.testing.FaultRow;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AddressGroupsTest {

    private final List<String> asked = new ArrayList<>();
    private List<String> answer = List.of("10.1.0.1", "10.1.0.2");
    private final HostNames hostNames = new HostNames(this::lookUp, Runnable::run, () -> {});
    private final AddressGroups groups = new AddressGroups(hostNames);

    @Test
    @FaultRow(34)
    void readsLiteralsWithoutAskingAnyone() {
        assertThat(addresses(of(List.of(endpoint("10.0.0.1"), endpoint("::1"), endpoint("255.0.0.10")))))
                .containsExactly("10.0.0.1:80", "[0:0:0:0:0:0:0:1]:80", "255.0.0.10:80");
        assertThat(asked).isEmpty();
    }

    @Test
    void leavesOutWhatIsNoAddress() {
        assertThat(addresses(of(List.of(endpoint("1:2:x"), endpoint("10.0.0.1")))))
                .containsExactly("10.0.0.1:80");
        assertThat(groups.withoutAddress().some())
                .extracting("detail")
                .containsExactly("host '1:2:x' (expected: an IP address or a host name)");
        assertThat(asked).isEmpty();
        of(List.of(endpoint("10.0.0.1")));
        assertThat(groups.withoutAddress().total()).isZero();
    }

    @Test
    void takesNumbersThatAreNoLiteralForHostNames() {
        of(List.of(endpoint("256.1.1.1"), endpoint("1.2.3")));
        assertThat(asked).containsExactly("256.1.1.1", "1.2.3");
    }

    @Test
    void keepsTheGroupsOfEndpointsThatDidNotChange() {
        List<EquivalentAddressGroup> before = of(List.of(endpoint("10.0.0.1"), endpoint("b"), endpoint("10.0.0.3")));
        Endpoint heavier = endpoint("10.0.0.3").toBuilder().weight(9).build();
        List<EquivalentAddressGroup> after = of(List.of(endpoint("10.0.0.1"), endpoint("b"), heavier));
        assertThat(after.get(0)).isSameAs(before.get(0));
        assertThat(after.get(1)).isSameAs(before.get(1));
        assertThat(after.get(2)).isNotEqualTo(before.get(2));
        assertThat(after.get(2).getAddresses()).isEqualTo(before.get(2).getAddresses());
        assertThat(after.get(2).getAttributes().get(EndpointAttributes.ENDPOINT))
                .isSameAs(heavier);
    }

    @Test
    @FaultRow(43)
    void keepsGroupsAlsoWhereOthersCameOrWent() {
        List<EquivalentAddressGroup> before = of(List.of(endpoint("10.0.0.1"), endpoint("10.0.0.2")));
        List<EquivalentAddressGroup> after =
                of(List.of(endpoint("10.0.0.0"), endpoint("10.0.0.2"), endpoint("10.0.0.1")));
        assertThat(after.get(2)).isSameAs(before.get(0));
        assertThat(after.get(1)).isSameAs(before.get(1));
    }

    @Test
    @FaultRow(34)
    void asksOnceForAHostAndAgainOnlyWhenToldTo() {
        of(List.of(endpoint("b")));
        of(List.of(endpoint("b"), endpoint("10.0.0.1")));
        assertThat(asked).containsExactly("b");
        assertThat(hostNames.isEmpty()).isFalse();
        hostNames.lookUpAgain();
        answer = List.of("10.1.0.3");
        assertThat(addresses(of(List.of(endpoint("b"))))).containsExactly("10.1.0.3:80");
        assertThat(asked).containsExactly("b", "b");
    }

    @Test
    @FaultRow(43)
    void takesTheSameAddressesInAnotherOrderForTheSame() {
        List<EquivalentAddressGroup> before = of(List.of(endpoint("b")));
        hostNames.lookUpAgain();
        answer = List.of("10.1.0.2", "10.1.0.1");
        assertThat(of(List.of(endpoint("b"))).get(0)).isSameAs(before.get(0));
    }

    @Test
    @FaultRow(34)
    void staysWithTheLastAnswerWhereNoNewOneComes() {
        List<EquivalentAddressGroup> before = of(List.of(endpoint("b")));
        hostNames.lookUpAgain();
        answer = List.of();
        assertThat(of(List.of(endpoint("b"))).get(0)).isSameAs(before.get(0));
        assertThat(of(List.of(endpoint("c"), endpoint("10.0.0.1")))).hasSize(1);
    }

    /** Nothing that a registry holds chooses a channel's authority, credentials or service config. */
    @Test
    @FaultRow(46)
    void putsNothingOnAGroupButTheEndpointWhateverARecordSays() throws Exception {
        Map<String, String> hostile = new HashMap<>();
        for (String name : List.of(
                "authority",
                "serviceConfig",
                "io.grpc.EquivalentAddressGroup.ATTR_AUTHORITY_OVERRIDE",
                EquivalentAddressGroup.ATTR_AUTHORITY_OVERRIDE.toString(),
                "io.grpc.internal.GrpcAttributes.securityLevel",
                "io.github.grpclb.unlisted",
                "io.github.grpclb.endpoint")) {
            hostile.put(name, "evil.example");
        }
        List<Endpoint> endpoints = List.of(
                endpoint("10.0.0.1").toBuilder()
                        .metadata(hostile)
                        .zone("authority")
                        .build(),
                endpoint("b").toBuilder().metadata(hostile).id("authority").build());
        assertThat(endpoints.get(0).metadata()).containsAllEntriesOf(hostile);
        assertThat(of(endpoints))
                .extracting(EquivalentAddressGroup::getAttributes)
                .containsExactly(onlyOf(endpoints.get(0)), onlyOf(endpoints.get(1)));
    }

    private static Attributes onlyOf(Endpoint endpoint) {
        return Attributes.newBuilder()
                .set(EndpointAttributes.ENDPOINT, endpoint)
                .build();
    }

    private List<EquivalentAddressGroup> of(List<Endpoint> endpoints) {
        return groups.of(endpoints, 0);
    }

    private List<InetAddress> lookUp(String host) throws UnknownHostException {
        asked.add(host);
        if (answer.isEmpty()) {
            throw new UnknownHostException(host);
        }
        List<InetAddress> found = new ArrayList<>();
        for (String address : answer) {
            found.add(InetAddress.getByName(address));
        }
        return found;
    }

    private static Endpoint endpoint(String host) {
        return Endpoint.builder("svc", host, 80).build();
    }

    private static List<String> addresses(List<EquivalentAddressGroup> groups) {
        return groups.stream()
                .map(group -> (InetSocketAddress) group.getAddresses().get(0))
                .map(address -> {
                    String host = address.getAddress().getHostAddress();
                    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
                })
                .toList();
    }
}
