package io.github.grpclb.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import io.github.grpclb.discovery.Cidr;
import io.github.grpclb.server.HostChoice.Found;
import io.github.grpclb.testing.FaultRow;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

@FaultRow({33, 34})
class HostChoiceTest {

    private final List<LocalAddress> local = new ArrayList<>();
    private final Map<InetAddress, InetAddress> routes = new HashMap<>();

    @Test
    void leavesOutWhatNobodyElseReaches() {
        has("lo", InterfaceKind.LOOPBACK, "127.0.0.1/8");
        has("lo", InterfaceKind.LOOPBACK, "::1/128");
        has("eth0", "169.254.7.7/16");
        has("eth0", "fe80::1/64");
        assertThat(best()).isEmpty();
        has("eth0", "10.0.0.5/24");
        assertThat(best()).hasValue("10.0.0.5");
    }

    @Test
    void takesAVirtualAddressOnLoopbackLast() {
        has("lo", InterfaceKind.LOOPBACK, "203.0.113.9/32");
        assertThat(best()).hasValue("203.0.113.9");
        has("eth0", "2001:db8:1::5/64");
        assertThat(best()).hasValue("2001:db8:1:0:0:0:0:5");
    }

    @Test
    void takesContainersAndTunnelsAfterOrdinaryInterfaces() {
        has("docker0", InterfaceKind.CONTAINERS, "172.17.0.1/16");
        assertThat(best()).hasValue("172.17.0.1");
        has("wg0", InterfaceKind.TUNNEL, "10.8.0.1/24");
        assertThat(best()).hasValue("10.8.0.1");
        has("eth0", "10.0.0.5/24");
        assertThat(best()).hasValue("10.0.0.5");
    }

    @Test
    void takesTheAddressThatTheKernelSendsFromOfSeveralInOneNetwork() {
        has("eth0", "10.0.0.100/24", "10.0.0.1/24", "10.0.0.5/24");
        routes.put(ip("10.0.0.2"), ip("10.0.0.5"));
        assertThat(best()).hasValue("10.0.0.5");
        assertThat(choice().describe())
                .isEqualTo("10.0.0.100 (eth0, passing), 10.0.0.1 (eth0, passing), 10.0.0.5 (eth0)");
    }

    @Test
    void takesThemInTheirOrderWhereTheKernelDoesNotSay() {
        has("eth0", "10.0.0.5/24", "10.0.0.100/24");
        assertThat(best()).hasValue("10.0.0.5");
        routes.put(ip("10.0.0.1"), ip("192.168.0.1")); // a policy's route
        assertThat(best()).hasValue("10.0.0.5");
    }

    @Test
    void holdsALoneHostAddressForTheMachinesOwn() {
        has("eth0", "10.0.0.100/32");
        has("eth1", "2001:db8:1::5/64");
        assertThat(best()).hasValue("10.0.0.100");
        has("eth0", "10.0.0.5/24");
        assertThat(best()).as("the host address was lent to eth0").hasValue("10.0.0.5");
    }

    @Test
    void takesAPassingAddressLast() {
        hasPassing("eth0", "10.0.0.7/24");
        hasPassing("eth0", "2001:db8:1::6/64");
        assertThat(best()).hasValue("10.0.0.7");
        has("eth0", "2001:db8:1::5/64");
        assertThat(best()).hasValue("2001:db8:1:0:0:0:0:5");
    }

    @Test
    void prefersIpv4ThenTheDefaultRouteThenTheFirst() {
        has("eth0", "2001:db8:1::5/64");
        has("eth1", "10.1.0.5/24");
        has("eth2", "10.2.0.5/24");
        assertThat(best()).hasValue("10.1.0.5");
        routes.put(ip("192.0.2.1"), ip("10.2.0.5"));
        routes.put(ip("2001:db8::1"), ip("2001:db8:1::5"));
        assertThat(best()).hasValue("10.2.0.5");
    }

    @Test
    void leavesOutTheInterfaceOfAnIpv6Address() throws UnknownHostException {
        InetAddress scoped = Inet6Address.getByAddress(null, ip("2001:db8:1::5").getAddress(), 2);
        local.add(new LocalAddress("eth0", InterfaceKind.ORDINARY, scoped, 64, false));
        assertThat(best()).hasValue("2001:db8:1:0:0:0:0:5");
    }

    @Test
    void takesTheLocalAddressOfTheRouteToTheRegistry() {
        has("eth0", "10.1.0.5/24");
        has("eth1", "10.2.0.5/24");
        routes.put(ip("10.9.0.1"), ip("10.2.0.5"));
        assertThat(choice().towards(List.of(ip("10.8.0.1"), ip("10.9.0.1"))))
                .hasValue(new Found("10.2.0.5", "local address of the route to the registry at 10.9.0.1"));
        assertThat(towards("10.8.0.1")).as("no route").isEmpty();
        assertThat(choice().towards(List.of())).isEmpty();
    }

    @Test
    void takesTheRoutesSourceWhereverItWasConfigured() {
        has("lo", InterfaceKind.LOOPBACK, "127.0.0.1/8", "203.0.113.9/32");
        has("wg0", InterfaceKind.TUNNEL, "10.8.0.2/24");
        routes.put(ip("10.9.0.1"), ip("203.0.113.9"));
        assertThat(towards("10.9.0.1")).as("routing on the host").hasValue("203.0.113.9");
        routes.put(ip("10.9.0.2"), ip("10.8.0.2"));
        assertThat(towards("10.9.0.2")).as("all are in the tunnel").hasValue("10.8.0.2");
        routes.put(ip("10.9.0.3"), ip("10.7.7.7"));
        assertThat(towards("10.9.0.3")).as("an address that came up meanwhile").hasValue("10.7.7.7");
    }

    @Test
    void aRegistryOnThisMachineSaysNothingUnlessAtAnAddressOfItsOwn() {
        has("lo", InterfaceKind.LOOPBACK, "127.0.0.1/8", "203.0.113.9/32");
        has("docker0", InterfaceKind.CONTAINERS, "172.17.0.1/16");
        has("eth0", "10.0.0.5/24", "10.0.0.100/32");
        has("eth1", "10.1.0.5/24");
        local.forEach(it -> routes.put(it.address(), it.address()));
        assertThat(Stream.of("127.0.0.1", "203.0.113.9", "172.17.0.1", "10.0.0.100")
                        .flatMap(it -> towards(it).stream()))
                .isEmpty();
        assertThat(towards("10.1.0.5")).hasValue("10.1.0.5");
        routes.put(ip("172.17.0.2"), ip("172.17.0.1"));
        assertThat(towards("172.17.0.2")).as("a container on this machine").isEmpty();
    }

    @Test
    void takesALastingAddressInsteadOfATemporaryOne() {
        hasPassing("eth0", "2001:db8:1::bad/64");
        has("eth1", "2001:db8:1::7/64");
        routes.put(ip("2001:db8:9::1"), ip("2001:db8:1::bad"));
        assertThat(towards("2001:db8:9::1")).as("no other").hasValue("2001:db8:1:0:0:0:0:bad");
        has("eth0", "2001:db8:2::5/64", "2001:db8:1::5/64");
        assertThat(towards("2001:db8:9::1")).hasValue("2001:db8:1:0:0:0:0:5");
    }

    @Test
    void takesTheFirstPreferredNetworkThatThisMachineIsIn() {
        has("lo", InterfaceKind.LOOPBACK, "127.0.0.1/8");
        has("docker0", InterfaceKind.CONTAINERS, "172.17.0.1/16");
        has("eth0", "10.0.0.5/24", "10.0.0.100/32");
        assertThat(in("192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8")).hasValue("172.17.0.1");
        assertThat(in("10.0.0.0/8")).hasValue("10.0.0.5");
        assertThat(in("10.0.0.100/32")).hasValue("10.0.0.100");
        assertThat(in("127.0.0.0/8")).hasValue("127.0.0.1");
        assertThat(in("192.168.0.0/16")).isEmpty();
        has("eth0", "169.254.1.1/16");
        assertThat(in("169.254.0.0/16")).isEmpty();
    }

    private Optional<String> best() {
        return choice().best().map(Found::host);
    }

    private Optional<String> towards(String registry) {
        return choice().towards(List.of(ip(registry))).map(Found::host);
    }

    private Optional<String> in(String... networks) {
        return choice().in(Stream.of(networks).map(Cidr::parse).toList()).map(Found::host);
    }

    private HostChoice choice() {
        return new HostChoice(local, routes::get);
    }

    private void has(String networkInterface, String... addresses) {
        has(networkInterface, InterfaceKind.ORDINARY, addresses);
    }

    private void has(String networkInterface, InterfaceKind kind, String... addresses) {
        for (String address : addresses) {
            add(networkInterface, kind, address, false);
        }
    }

    private void hasPassing(String networkInterface, String address) {
        add(networkInterface, InterfaceKind.ORDINARY, address, true);
    }

    private void add(String networkInterface, InterfaceKind kind, String address, boolean passing) {
        Cidr parsed = Cidr.parse(address);
        local.add(new LocalAddress(networkInterface, kind, parsed.network(), parsed.bits(), passing));
    }

    private static InetAddress ip(String literal) {
        return InetAddresses.forString(literal);
    }
}
