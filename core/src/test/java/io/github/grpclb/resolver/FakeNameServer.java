package io.github.grpclb.resolver;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * Knows each host by one address in 10.1.0.0/16: {@code host7} by 10.1.0.7, one without a number by the address that a test says. Never
 * knows {@code unknown}.
 */
final class FakeNameServer {

    int lookups;

    /** The last part of the address of a host without a number. */
    byte address = 1;

    /** Whether hosts called {@code late} are known yet. */
    boolean knowsLateHosts;

    List<InetAddress> lookUp(String host) throws UnknownHostException {
        lookups++;
        if (host.startsWith("unknown") || (host.startsWith("late") && !knowsLateHosts)) {
            throw new UnknownHostException(host);
        }
        String number = host.replaceAll("\\D", "");
        int each = number.isEmpty() ? address : Integer.parseInt(number);
        return List.of(InetAddress.getByAddress(new byte[] {10, 1, (byte) (each / 250), (byte) (each % 250)}));
    }
}
