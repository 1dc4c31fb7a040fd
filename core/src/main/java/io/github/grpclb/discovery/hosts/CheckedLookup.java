package io.github.grpclb.discovery.hosts;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Internal;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/**
 * Leaves out of a name server's answer what is not allowed: the owner of a name that was allowed may let it lead anywhere.
 *
 * @param rules say what is allowed
 * @param lookup asks the name server
 */
@Internal
public record CheckedLookup(AddressRules rules, HostLookup lookup) implements HostLookup {

    @Override
    public List<InetAddress> addressesOf(String host) throws UnknownHostException {
        List<InetAddress> allowed = new ArrayList<>();
        String refused = "no address";
        for (InetAddress address : lookup.addressesOf(host)) {
            String expected = rules.refusalOf(address);
            if (expected == null) {
                allowed.add(address);
            } else {
                refused = address.getHostAddress() + " (expected: " + expected + ")";
            }
        }
        if (allowed.isEmpty()) {
            throw new UnknownHostException("it leads to " + refused);
        }
        return allowed;
    }
}
