package io.github.grpclb.server;

import com.google.common.io.BaseEncoding;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads this machine's addresses, in the order of the interfaces and, within one, in that in which they were added. */
final class LocalAddresses {

    private static final Logger log = LoggerFactory.getLogger(LocalAddresses.class);

    private static final Path SYS_CLASS_NET = Path.of("/sys/class/net");
    private static final Path IPV6_ADDRESSES = Path.of("/proc/net/if_inet6");

    /** IFA_F_TEMPORARY, _DADFAILED, _DEPRECATED and _TENTATIVE of Linux' if_addr.h. */
    private static final int PASSING_FLAGS = 0x01 | 0x08 | 0x20 | 0x40;

    private LocalAddresses() {}

    static List<LocalAddress> read() {
        try {
            Set<InetAddress> passing = passing(ipv6Table());
            List<LocalAddress> found = new ArrayList<>();
            for (NetworkInterface each : NetworkInterface.networkInterfaces()
                    .sorted(Comparator.comparingInt(NetworkInterface::getIndex))
                    .toList()) {
                if (each.isUp()) {
                    found.addAll(of(each, passing));
                }
            }
            return found;
        } catch (SocketException e) {
            log.warn("This machine's network interfaces cannot be read: {}", e.toString());
            return List.of();
        }
    }

    private static List<LocalAddress> of(NetworkInterface each, Set<InetAddress> passing) throws SocketException {
        InterfaceKind kind = InterfaceKind.of(
                each.getName(), each.getIndex(), each.isLoopback(), each.isPointToPoint(), SYS_CLASS_NET);
        Set<InetAddress> labelled = each.subInterfaces() // such as eth0:1
                .flatMap(NetworkInterface::inetAddresses)
                .collect(Collectors.toSet());
        // Java puts each address before those that it has read already
        List<InterfaceAddress> addresses = new ArrayList<>(each.getInterfaceAddresses());
        Collections.reverse(addresses);
        return addresses.stream()
                .map(it -> new LocalAddress(
                        each.getName(),
                        kind,
                        it.getAddress(),
                        it.getNetworkPrefixLength(),
                        passing.contains(it.getAddress()) || labelled.contains(it.getAddress())))
                .toList();
    }

    /** Returns the IPv6 addresses that are deprecated, temporary or not usable yet, of Linux' table of them. */
    static Set<InetAddress> passing(Collection<String> table) {
        Set<InetAddress> passing = new HashSet<>();
        for (String line : table) {
            String[] fields = line.strip().split("\\s+");
            try {
                if (fields.length >= 6 && (Integer.parseInt(fields[4], 16) & PASSING_FLAGS) != 0) {
                    passing.add(
                            InetAddress.getByAddress(BaseEncoding.base16().decode(fields[0].toUpperCase(Locale.ROOT))));
                }
            } catch (IllegalArgumentException | UnknownHostException e) {
                log.debug("Not understood in {}: {}", IPV6_ADDRESSES, line);
            }
        }
        return passing;
    }

    private static List<String> ipv6Table() {
        try {
            return Files.readAllLines(IPV6_ADDRESSES);
        } catch (IOException notLinuxOrWithoutIpv6) {
            return List.of();
        }
    }
}
