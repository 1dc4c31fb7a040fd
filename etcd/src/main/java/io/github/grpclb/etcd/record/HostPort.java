package io.github.grpclb.etcd.record;

import com.google.common.net.InetAddresses;
import io.github.grpclb.discovery.AddressRules;
import java.net.InetAddress;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An address that a client may connect to. Records in etcd are somebody else's input: what {@link AddressRules} does not
 * allow is refused, and so is whatever is neither an IP literal nor a host name.
 *
 * @param host IP literal without brackets in its canonical form, or a host name of RFC 1123
 * @param port 1 to 65535
 */
record HostPort(String host, int port) {

    private static final String EXPECTED = "host:port or [IPv6]:port, port 1 to 65535";
    private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");

    /** Labels of letters, digits, '-' and '_' (Docker has it in names). */
    private static final Pattern NAME = Pattern.compile(
            "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*");

    /** The resolver, or the system's behind it, would read "127.1", "2130706433" and "0x7f000001" as addresses. */
    private static final Pattern NUMERIC_LAST_LABEL = Pattern.compile("(.*\\.)?([0-9]+|0[xX][0-9a-fA-F]*)");

    private static final int MAX_NAME = 253;

    static HostPort parse(String text) throws MalformedRecordException {
        return parse(text, AddressRules.DEFAULT);
    }

    static HostPort parse(String text, AddressRules rules) throws MalformedRecordException {
        int colon = text.lastIndexOf(':');
        if (colon < 1 || !PORT.matcher(text.substring(colon + 1)).matches()) {
            throw new MalformedRecordException("address", text, EXPECTED);
        }
        int port = Integer.parseInt(text.substring(colon + 1));
        if (port < 1 || port > 65535) {
            throw new MalformedRecordException("address", text, EXPECTED);
        }
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            return new HostPort(literal(text, host.substring(1, host.length() - 1), rules), port);
        }
        if (host.length() > MAX_NAME || !NAME.matcher(host).matches()) {
            throw new MalformedRecordException("address", text, EXPECTED);
        }
        if (NUMERIC_LAST_LABEL.matcher(host).matches()) {
            return new HostPort(literal(text, host, rules), port);
        }
        require(rules.refusalOfName(host), text);
        return new HostPort(host, port);
    }

    private static String literal(String text, String literal, AddressRules rules) throws MalformedRecordException {
        if (literal.indexOf('%') >= 0 || !InetAddresses.isInetAddress(literal)) {
            throw new MalformedRecordException("address", text, "an IP address without a zone");
        }
        InetAddress address = InetAddresses.forString(literal);
        require(rules.refusalOfLiteral(address), text);
        return InetAddresses.toAddrString(address);
    }

    private static void require(@Nullable String refusal, String text) throws MalformedRecordException {
        if (refusal != null) {
            throw new MalformedRecordException("address", text, refusal);
        }
    }
}
