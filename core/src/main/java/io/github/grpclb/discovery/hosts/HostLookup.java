package io.github.grpclb.discovery.hosts;

import io.github.grpclb.discovery.Internal;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Asks a name server for a host's addresses. May block. */
@Internal
@FunctionalInterface
public interface HostLookup {

    /** Asks as the JVM is configured to. */
    HostLookup JVM = host -> List.of(InetAddress.getAllByName(host));

    /**
     * Looks a host name up.
     *
     * @return at least one address
     */
    List<InetAddress> addressesOf(String host) throws UnknownHostException;
}
