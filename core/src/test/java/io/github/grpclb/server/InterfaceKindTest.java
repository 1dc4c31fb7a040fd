package io.github.grpclb.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterfaceKindTest {

    @TempDir
    private Path sys;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ORDINARY   | eth0 eno1 enp0s31f6 wlan0 bond0 ens5.100 ib0 en0 br0 br-lan br-ex ppp0 wwan0
            CONTAINERS | docker0 docker_gwbridge br-0123456789ab virbr0 virbr0-nic cni0 cni-podman0 podman1 lxdbr0 veth12ab cali0a1b vnet3
            TUNNEL     | tun0 utun4 wg0 tailscale0 flannel.1 flannel-v6.1 cilium_host tunl0 vxlan7 ztabcdefgh gre0 weave
            LOOPBACK   | kube-ipvs0 nodelocaldns dummy0
            """)
    void goesByTheNameWhereNothingElseIsKnown(InterfaceKind kind, String names) {
        for (String name : names.split(" ")) {
            assertThat(of(name, 2, false)).as(name).isEqualTo(kind);
        }
    }

    @Test
    void holdsWhatHasOneOtherEndForATunnelUnlessItIsAnUplink() {
        assertThat(of("corp", 2, true)).isEqualTo(InterfaceKind.TUNNEL);
        assertThat(of("ppp0", 2, true)).isEqualTo(InterfaceKind.ORDINARY);
        assertThat(InterfaceKind.of("lo", 1, true, false, sys)).isEqualTo(InterfaceKind.LOOPBACK);
    }

    @Test
    void knowsTunnelsByWhatLinuxSaysOfThem() throws IOException {
        write("a/ifindex", "3");
        write("a/tun_flags", "0x1001");
        write("b/ifindex", "4");
        write("b/type", "778");
        write("c/ifindex", "5");
        write("c/uevent", "DEVTYPE=wireguard\nINTERFACE=c\nIFINDEX=5");
        write("d/ifindex", "6");
        write("d/uevent", "DEVTYPE=vlan\nINTERFACE=d\nIFINDEX=6");
        write("d/type", "1");
        assertThat(of("a", 3, false)).isEqualTo(InterfaceKind.TUNNEL);
        assertThat(of("b", 4, false)).isEqualTo(InterfaceKind.TUNNEL);
        assertThat(of("c", 5, false)).isEqualTo(InterfaceKind.TUNNEL);
        assertThat(of("d", 6, false)).isEqualTo(InterfaceKind.ORDINARY);
    }

    @Test
    void tellsABridgeOfContainersFromOneOverANetworkCard() throws IOException {
        write("mine/ifindex", "3");
        Files.createDirectories(sys.resolve("mine/bridge"));
        assertThat(of("mine", 3, false)).isEqualTo(InterfaceKind.CONTAINERS);
        Files.createDirectories(sys.resolve("veth1"));
        Files.createSymbolicLink(sys.resolve("mine/lower_veth1"), sys.resolve("veth1"));
        assertThat(of("mine", 3, false)).isEqualTo(InterfaceKind.CONTAINERS);
        Files.createDirectories(sys.resolve("bond0"));
        Files.createSymbolicLink(sys.resolve("mine/lower_bond0"), sys.resolve("bond0"));
        Files.createDirectories(sys.resolve("eth0/device"));
        Files.createSymbolicLink(sys.resolve("bond0/lower_eth0"), sys.resolve("eth0"));
        assertThat(of("mine", 3, false)).isEqualTo(InterfaceKind.ORDINARY);
    }

    @Test
    void doesNotBelieveWhatIsSaidOfAnotherInterfaceOfTheSameName() throws IOException {
        write("eth0/ifindex", "3");
        write("eth0/tun_flags", "0x1001");
        assertThat(of("eth0", 2, false)).isEqualTo(InterfaceKind.ORDINARY);
    }

    private InterfaceKind of(String name, int index, boolean isPointToPoint) {
        return InterfaceKind.of(name, index, false, isPointToPoint, sys);
    }

    private void write(String file, String text) throws IOException {
        Path path = sys.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text + "\n");
    }
}
