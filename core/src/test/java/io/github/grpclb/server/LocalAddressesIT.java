package io.github.grpclb.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import io.github.grpclb.discovery.Cidr;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.MisleadingMachine;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Which address is chosen on machines with misleading ones: a network namespace is such a machine. Needs root and ip(8). */
@FaultRow({33, 34})
class LocalAddressesIT {

    /** Everything that was announced by mistake once, before the address of the machine. */
    private static final String TRAPS = """
            ip addr add 203.0.113.9/32 dev lo
            ip link add docker0 type bridge && ip addr add 172.17.0.1/16 dev docker0 && ip link set docker0 up
            ip link add mine type bridge && ip addr add 172.30.0.1/24 dev mine && ip link set mine up
            """;

    private static final String ETH0 = """
            ip link add eth0 type veth peer name peer0 && ip link set peer0 up && ip link set eth0 up
            ip addr add 10.1.0.5/24 dev eth0
            """;

    private static final String ETH1 = """
            ip link add eth1 type veth peer name peer1 && ip link set peer1 up && ip link set eth1 up
            ip addr add 10.2.0.5/24 dev eth1
            """;

    private static final String FLOATING = """
            ip addr add 10.1.0.100/24 dev eth0
            ip addr add 10.1.0.101/32 dev eth0
            ip addr add 10.1.0.102/24 dev eth0 label eth0:1
            """;

    @Test
    void aVirtualAddressOnLoopbackAndContainerBridgesComeAfterTheMachinesOwn() {
        assertThat(ask(TRAPS + ETH0, "best")).containsExactly("10.1.0.5");
        assertThat(ask(TRAPS, "best")).as("nothing else").containsExactly("172.17.0.1");
    }

    @Test
    void aFloatingAddressIsNotTheMachinesOwn() {
        assertThat(ask(ETH0 + FLOATING, "best", "in 10.1.0.0/16", "in 10.1.0.101/32"))
                .containsExactly("10.1.0.5", "10.1.0.5", "10.1.0.101");
    }

    @Test
    void theRouteToTheRegistryDecidesBetweenNetworks() {
        assertThat(ask(
                        TRAPS + ETH0 + ETH1 + FLOATING + "ip route add default via 10.2.0.1\n",
                        "towards 10.1.0.9",
                        "towards 10.2.0.9",
                        "towards 10.99.0.1",
                        "towards 127.0.0.1",
                        "towards 203.0.113.9",
                        "towards 172.17.0.2",
                        "towards 172.30.0.2",
                        "best",
                        "in 172.16.0.0/12",
                        "in 192.168.0.0/16"))
                .containsExactly(
                        "10.1.0.5",
                        "10.2.0.5",
                        "10.2.0.5",
                        "none",
                        "none",
                        "none",
                        "none",
                        "10.2.0.5",
                        "172.17.0.1",
                        "none");
    }

    @Test
    void aDeprecatedIpv6AddressIsNotAnnounced() {
        String ipv6 = """
                ip link add eth0 type veth peer name peer0 && ip link set peer0 up && ip link set eth0 up
                ip addr add 2001:db8:1::4/64 dev eth0 preferred_lft 0 nodad
                ip addr add 2001:db8:1::5/64 dev eth0 nodad
                ip addr add 2001:db8:1::6/64 dev eth0 preferred_lft 0 nodad
                """;
        Assumptions.assumeFalse(ask(ipv6, "in 2001:db8:1::/64").contains("none"), "this machine has no IPv6");
        assertThat(ask(ipv6, "best", "in 2001:db8:1::/64", "towards 2001:db8:1::9"))
                .containsOnly("2001:db8:1:0:0:0:0:5");
    }

    /** Answers the questions on such a machine. */
    private static List<String> ask(String setUp, String... questions) {
        return MisleadingMachine.run(setUp, Machine.class, questions);
    }

    /** What runs there. */
    static final class Machine {

        private Machine() {}

        public static void main(String[] questions) {
            HostChoice choice = HostChoice.ofThisMachine();
            System.out.println(choice.describe());
            for (String question : questions) {
                String argument = question.substring(question.indexOf(' ') + 1);
                var found =
                        switch (question.split(" ")[0]) {
                            case "best" -> choice.best();
                            case "in" -> choice.in(List.of(Cidr.parse(argument)));
                            default -> choice.towards(List.<InetAddress>of(InetAddresses.forString(argument)));
                        };
                System.out.println(MisleadingMachine.ANSWER
                        + found.map(HostChoice.Found::host).orElse("none"));
            }
        }
    }
}
