package io.github.grpclb.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Where a network interface leads, in the order in which its addresses are announced. */
enum InterfaceKind {
    /** To other machines, as far as can be told. */
    ORDINARY,
    /** Through a tunnel or VPN. */
    TUNNEL,
    /** To containers and virtual machines on this machine. */
    CONTAINERS,
    /** Nowhere: what arrives comes from this machine. */
    LOOPBACK;

    private static final Pattern CONTAINER_NAMES =
            Pattern.compile("(docker|podman|cni|virbr|lxcbr|lxdbr|vboxnet|vmnet)\\d+.*"
                    + "|docker_gwbridge|cni-podman.*|cbr0|br-[0-9a-f]{12}|(veth|cali|lxc|vnet|tap).+");
    private static final Pattern TUNNEL_NAMES = Pattern.compile(
            "(tun|tunl|utun|wg|gre|gretap|sit|ip6tnl|tailscale|vxlan|geneve)\\d+|(flannel|cilium_|zt|ipsec|weave).*");
    private static final Pattern LOCAL_NAMES = Pattern.compile("kube-ipvs\\d+|nodelocaldns|dummy\\d+");
    private static final Pattern UPLINK_NAMES = Pattern.compile("(ppp|wwan)\\d+");

    private static final Set<String> TUNNEL_DEVICES = Set.of("vxlan", "geneve", "wireguard", "gretap", "ip6gretap");

    /** ARPHRD_TUNNEL, _TUNNEL6, _SIT, _IPGRE and _IP6GRE of Linux' if_arp.h. */
    private static final Set<String> TUNNEL_TYPES = Set.of("768", "769", "776", "778", "823");

    /** A bridge has few ports, and they are not stacked deeply. */
    private static final int DEEPEST_STACK = 4;

    /**
     * Tells it by what Linux knows of the interface, else by its name.
     *
     * @param sysClassNet {@code /sys/class/net}; another network namespace's, as it may be, is not believed
     */
    static InterfaceKind of(String name, int index, boolean isLoopback, boolean isPointToPoint, Path sysClassNet) {
        if (isLoopback || LOCAL_NAMES.matcher(name).matches()) {
            return LOOPBACK;
        }
        Path device = sysClassNet.resolve(name);
        if (read(device.resolve("ifindex")).equals(String.valueOf(index))) {
            if (Files.isDirectory(device.resolve("bridge"))) {
                return leadsToHardware(device, DEEPEST_STACK) ? ORDINARY : CONTAINERS;
            }
            if (isTunnel(device)) {
                return TUNNEL;
            }
        }
        if (CONTAINER_NAMES.matcher(name).matches()) {
            return CONTAINERS;
        }
        boolean tunnel = TUNNEL_NAMES.matcher(name).matches()
                || isPointToPoint && !UPLINK_NAMES.matcher(name).matches();
        return tunnel ? TUNNEL : ORDINARY;
    }

    private static boolean isTunnel(Path device) {
        return Files.exists(device.resolve("tun_flags"))
                || TUNNEL_TYPES.contains(read(device.resolve("type")))
                || deviceType(device).filter(TUNNEL_DEVICES::contains).isPresent();
    }

    private static Optional<String> deviceType(Path device) {
        return read(device.resolve("uevent"))
                .lines()
                .filter(line -> line.startsWith("DEVTYPE="))
                .map(line -> line.substring("DEVTYPE=".length()))
                .findFirst();
    }

    /** A machine's own address is on the bridge where its virtual machines share its network card. */
    private static boolean leadsToHardware(Path device, int depth) {
        if (Files.exists(device.resolve("device"))) {
            return true;
        }
        if (depth == 0) {
            return false;
        }
        try (DirectoryStream<Path> lower = Files.newDirectoryStream(device, "lower_*")) {
            for (Path port : lower) {
                if (leadsToHardware(port, depth - 1)) {
                    return true;
                }
            }
        } catch (IOException e) {
            // gone meanwhile
        }
        return false;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8).strip();
        } catch (IOException notThere) {
            return "";
        }
    }
}
