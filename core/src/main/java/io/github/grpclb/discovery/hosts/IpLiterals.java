package io.github.grpclb.discovery.hosts;

import io.github.grpclb.discovery.Internal;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads IP literals without ever asking a name server. */
@Internal
public final class IpLiterals {

    private static final Pattern IPV4 =
            Pattern.compile("(25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}");

    private IpLiterals() {}

    /**
     * Reads a literal.
     *
     * @param host an IPv4 or IPv6 literal, the latter without brackets, or a host name
     * @return null where it is a host name
     * @throws UnknownHostException if it has a colon, so that it can be no host name, and yet is no IPv6 literal
     */
    public static @Nullable InetAddress parse(String host) throws UnknownHostException {
        if (host.indexOf(':') >= 0) {
            // in brackets the JDK takes it for nothing but a literal
            return InetAddress.getByName("[" + host + "]");
        }
        if (!IPV4.matcher(host).matches()) {
            return null;
        }
        String[] parts = host.split("\\.");
        byte[] bytes = new byte[4];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(parts[i]);
        }
        return InetAddress.getByAddress(bytes);
    }
}
