package io.github.grpclb.resolver;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Asks a name server for a host's addresses. May block. */
@FunctionalInterface
interface HostLookup {

    /** Asks as the JVM is configured to. */
    HostLookup JVM = host -> List.of(InetAddress.getAllByName(host));

    /**
     * Looks a host name up.
     *
     * @return at least one address
     */
    List<InetAddress> addressesOf(String host) throws UnknownHostException;
}
