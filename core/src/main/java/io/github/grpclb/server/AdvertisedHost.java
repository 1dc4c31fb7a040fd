package io.github.grpclb.server;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** What may be written where a host is to be announced. {@link HostChoice} chooses one. */
public final class AdvertisedHost {

    private AdvertisedHost() {}

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
}
