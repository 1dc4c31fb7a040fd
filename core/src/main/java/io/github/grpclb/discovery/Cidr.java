package io.github.grpclb.discovery;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A network: the addresses that begin in the same bits. Immutable.
 *
 * @param network an address of it
 * @param bits how many bits count, 0 to 32 or to 128
 */
public record Cidr(InetAddress network, int bits) {

    private static final Pattern FORM = Pattern.compile("([0-9A-Fa-f:.]{2,45})/([0-9]{1,3})");

    public Cidr {
        if (bits < 0 || bits > network.getAddress().length * 8) {
            throw new IllegalValueException("bits", bits, "0 to 32 for IPv4, 0 to 128 for IPv6");
        }
    }

    /**
     * Reads such as {@code 10.0.0.0/8} or {@code fd00::/8}.
     *
     * @throws IllegalValueException if it is none
     */
    public static Cidr parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (matcher.matches() && InetAddresses.isInetAddress(matcher.group(1))) {
            return new Cidr(InetAddresses.forString(matcher.group(1)), Integer.parseInt(matcher.group(2)));
        }
        throw new IllegalValueException("network", text, "such as 10.0.0.0/8 or fd00::/8");
    }

    /** Says whether an address is of this network. */
    public boolean contains(InetAddress address) {
        byte[] ours = network.getAddress();
        byte[] theirs = address.getAddress();
        if (ours.length != theirs.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit += 8) {
            int mask = 0xff << Math.max(0, 8 - (bits - bit));
            if (((ours[bit / 8] ^ theirs[bit / 8]) & mask & 0xff) != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return InetAddresses.toAddrString(network) + "/" + bits;
    }
}
