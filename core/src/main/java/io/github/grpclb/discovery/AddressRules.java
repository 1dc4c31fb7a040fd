package io.github.grpclb.discovery;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which hosts a client may be sent to by a registry: whoever can write there is not to reach what only this machine can. An
 * address that names no single machine (unspecified, multicast, broadcast, link-local with the cloud's metadata service) is never
 * one of them. Immutable.
 *
 * @param cidrs networks outside of which no address is allowed, be it a literal or what a name was looked up to; empty
 *     allows all, unless there are suffixes: then no literal is allowed
 * @param hostSuffixes domains outside of which no host name is allowed; empty allows all
 * @param loopback whether addresses of this machine itself are allowed
 */
public record AddressRules(List<Cidr> cidrs, List<String> hostSuffixes, boolean loopback) {

    /** Allows all that names one machine. */
    public static final AddressRules DEFAULT = new AddressRules(List.of(), List.of(), true);

    private static final byte[] NAT64 = {0, 0x64, (byte) 0xff, (byte) 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};

    public AddressRules {
        cidrs = List.copyOf(cidrs);
        hostSuffixes = hostSuffixes.stream()
                .map(suffix -> suffix.toLowerCase(Locale.ROOT))
                .map(suffix -> suffix.startsWith(".") ? suffix.substring(1) : suffix)
                .toList();
    }

    /** Returns what would be allowed in place of an IP literal, or null if it is allowed. */
    public @Nullable String refusalOfLiteral(InetAddress address) {
        return cidrs.isEmpty() && !hostSuffixes.isEmpty()
                ? "a host name within one of " + hostSuffixes
                : refusalOf(address);
    }

    /** Returns what would be allowed in place of a host name, or null if it may be looked up. */
    public @Nullable String refusalOfName(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        boolean allowed = hostSuffixes.isEmpty()
                || hostSuffixes.stream().anyMatch(suffix -> name.equals(suffix) || name.endsWith("." + suffix));
        return allowed ? null : "a host name within one of " + hostSuffixes;
    }

    /** Returns what would be allowed in place of an address that a name was looked up to, or null if it is allowed. */
    public @Nullable String refusalOf(InetAddress address) {
        if (!namesOneMachine(address)) {
            return "one machine: not unspecified, multicast, broadcast or link-local";
        }
        if (!loopback && address.isLoopbackAddress()) {
            return "another machine: not loopback";
        }
        boolean allowed = cidrs.isEmpty() || cidrs.stream().anyMatch(cidr -> cidr.contains(address));
        return allowed ? null : "an address within one of " + cidrs;
    }

    private static boolean namesOneMachine(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length == 4) {
            boolean broadcastOrThisNetwork = bytes[0] == 0 || (bytes[0] & 0xff) >= 240;
            return !broadcastOrThisNetwork && !address.isMulticastAddress() && !address.isLinkLocalAddress();
        }
        if (Arrays.equals(NAT64, Arrays.copyOf(bytes, NAT64.length))) {
            return namesOneMachine(
                    InetAddresses.fromInteger(ByteBuffer.wrap(bytes).getInt(12)));
        }
        return !address.isAnyLocalAddress() && !address.isMulticastAddress() && !address.isLinkLocalAddress();
    }
}
