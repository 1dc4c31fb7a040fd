package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.LogText;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Hosts that a client may connect to. Whoever may write EndpointSlices writes what he likes, so an address is of its slice's type and
 * one that {@link AddressRules} allow, or it is refused. No name server is asked.
 */
final class SliceHost {

    private static final String OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final Pattern IPV4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");
    private static final Pattern IPV6 = Pattern.compile("(?=.*:)[0-9a-fA-F:.]{2,45}");
    private static final Pattern NAME =
            Pattern.compile("(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*");

    /** A name server, or the system's resolver before it, would read {@code 127.1} and {@code 0x7f000001} as addresses. */
    private static final Pattern NUMERIC_LAST_LABEL = Pattern.compile("(.*\\.)?([0-9]+|0x[0-9a-f]*)");

    private SliceHost() {}

    /**
     * Returns an address as endpoints have it.
     *
     * @throws IllegalValueException if it is not allowed
     */
    static String of(String addressType, String address, AddressRules rules) {
        switch (addressType) {
            case "IPv4", "IPv6" -> requireAllowed(address, rules.refusalOfLiteral(literal(addressType, address)));
            case "FQDN" -> {
                String name = address.toLowerCase(Locale.ROOT);
                if (!NAME.matcher(name).matches()
                        || NUMERIC_LAST_LABEL.matcher(name).matches()) {
                    throw new IllegalValueException("address", LogText.of(address), "a host name");
                }
                requireAllowed(address, rules.refusalOfName(name));
            }
            default -> throw new IllegalValueException("addressType", LogText.of(addressType), "IPv4, IPv6 or FQDN");
        }
        return address.toLowerCase(Locale.ROOT);
    }

    /** Returns the type of slices that have such addresses. */
    static String typeOf(String host) {
        if (host.indexOf(':') >= 0) {
            return "IPv6";
        }
        return IPV4.matcher(host).matches() ? "IPv4" : "FQDN";
    }

    private static InetAddress literal(String addressType, String address) {
        Pattern form = addressType.equals("IPv4") ? IPV4 : IPV6;
        try {
            if (form.matcher(address).matches()) {
                // in brackets the JDK takes a text for nothing but a literal
                return InetAddress.getByName(addressType.equals("IPv4") ? address : "[" + address + "]");
            }
        } catch (UnknownHostException e) {
            // said below
        }
        throw new IllegalValueException("address", LogText.of(address), "an " + addressType + " address");
    }

    private static void requireAllowed(String address, @Nullable String refusal) {
        if (refusal != null) {
            throw new IllegalValueException("address", address, refusal);
        }
    }
}
