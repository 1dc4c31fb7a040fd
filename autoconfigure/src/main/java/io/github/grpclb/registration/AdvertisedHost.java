package io.github.grpclb.registration;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds the host under which other machines reach this one. */
public final class AdvertisedHost {

    private static final Comparator<InetAddress> IPV4_FIRST =
            Comparator.comparing(address -> address instanceof Inet4Address ? 0 : 1);

    private AdvertisedHost() {}

    /**
     * Returns the host to advertise for a server bound to the given address: that address when it is a concrete one (loopback
     * included: who binds to loopback means it), else the first address of this machine that others can route to, IPv4 first, in
     * the order of the network interfaces.
     *
     * @param bindAddress what the server binds to; null, empty, {@code *}, {@code 0.0.0.0} and {@code ::} mean every address
     * @return an IP literal without brackets or a host name; empty when this machine has nothing but loopback and link-local
     *     addresses
     */
    public static Optional<String> derive(@Nullable String bindAddress) {
        return derive(bindAddress, localAddresses());
    }

    static Optional<String> derive(@Nullable String bindAddress, List<InetAddress> localAddresses) {
        if (bindAddress != null && !isWildcard(bindAddress)) {
            return Optional.of(withoutBrackets(bindAddress));
        }
        return localAddresses.stream()
                .filter(AdvertisedHost::isRoutable)
                .min(IPV4_FIRST)
                .map(AdvertisedHost::literal);
    }

    /** Says whether a host means "every address of this machine" and so leads nobody anywhere. */
    public static boolean isWildcard(String host) {
        String bare = withoutBrackets(host.strip());
        if (bare.isEmpty() || bare.equals("*")) {
            return true;
        }
        boolean literal = bare.indexOf(':') >= 0 || bare.chars().allMatch(c -> c == '.' || Character.isDigit(c));
        try {
            return literal && InetAddress.getByName(bare).isAnyLocalAddress();
        } catch (UnknownHostException notAnAddress) {
            return false;
        }
    }

    /** Returns {@code ::1} for {@code [::1]}, any other host as it is. */
    public static String withoutBrackets(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    /** A network interface's IPv6 addresses name the interface, which says nothing on another machine: {@code 2001:db8::1%eth0}. */
    private static String literal(InetAddress address) {
        String text = address.getHostAddress();
        int scope = text.indexOf('%');
        return scope < 0 ? text : text.substring(0, scope);
    }

    private static boolean isRoutable(InetAddress address) {
        return !address.isLoopbackAddress()
                && !address.isLinkLocalAddress()
                && !address.isAnyLocalAddress()
                && !address.isMulticastAddress();
    }

    private static List<InetAddress> localAddresses() {
        try {
            return NetworkInterface.networkInterfaces()
                    .filter(AdvertisedHost::isUp)
                    .sorted(Comparator.comparingInt(NetworkInterface::getIndex))
                    .flatMap(NetworkInterface::inetAddresses)
                    .toList();
        } catch (SocketException noInterfaces) {
            return List.of();
        }
    }

    private static boolean isUp(NetworkInterface networkInterface) {
        try {
            return networkInterface.isUp();
        } catch (SocketException gone) {
            return false;
        }
    }
}
