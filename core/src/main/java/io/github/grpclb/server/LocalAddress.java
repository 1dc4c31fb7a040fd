package io.github.grpclb.server;

import java.net.Inet4Address;
import java.net.InetAddress;

/**
 * An address of this machine.
 *
 * @param networkInterface the name of the interface that has it
 * @param kind where that leads
 * @param address without the interface in it
 * @param prefixLength how many bits name its network
 * @param passing whether it may leave while the machine stays: a secondary one, as a floating address is, a deprecated or a temporary one
 */
record LocalAddress(
        String networkInterface, InterfaceKind kind, InetAddress address, int prefixLength, boolean passing) {

    LocalAddress butPassing() {
        return new LocalAddress(networkInterface, kind, address, prefixLength, true);
    }

    boolean isIpv4() {
        return address instanceof Inet4Address;
    }

    /** Returns an IP literal without brackets, and without the interface, which says nothing on another machine. */
    String literal() {
        return literal(address);
    }

    static String literal(InetAddress address) {
        String text = address.getHostAddress();
        int scope = text.indexOf('%');
        return scope < 0 ? text : text.substring(0, scope);
    }

    /** Says whether other machines may be able to reach an address. */
    static boolean isRoutable(InetAddress address) {
        return !address.isLoopbackAddress() && isNamable(address);
    }

    /** Says whether an address may stand in a record: it means one machine, here or elsewhere. */
    static boolean isNamable(InetAddress address) {
        return !address.isLinkLocalAddress() && !address.isAnyLocalAddress() && !address.isMulticastAddress();
    }

    @Override
    public String toString() {
        String what = kind == InterfaceKind.ORDINARY ? "" : ", " + kind.name().toLowerCase(java.util.Locale.ROOT);
        return literal() + " (" + networkInterface + what + (passing ? ", passing" : "") + ")";
    }
}
