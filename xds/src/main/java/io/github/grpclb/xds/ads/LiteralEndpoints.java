package io.github.grpclb.xds.ads;

import com.google.common.net.InetAddresses;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.discovery.hosts.IpLiterals;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One service's endpoints as xDS can tell them, which knows addresses alone: whose host is a name, is told at the first address that the
 * name leads to, and not before there is one. For the loop's thread.
 */
final class LiteralEndpoints {

    private static final Logger log = LoggerFactory.getLogger(LiteralEndpoints.class);

    private final HostNames hostNames;
    private Set<String> refused = Set.of();

    LiteralEndpoints(HostNames hostNames) {
        this.hostNames = hostNames;
    }

    /** Returns those of a list that can be told, each address once. */
    List<Endpoint> of(List<Endpoint> endpoints, long now) {
        List<Endpoint> literal = new ArrayList<>(endpoints.size());
        Set<String> unusable = new HashSet<>();
        hostNames.startList(now);
        for (Endpoint endpoint : endpoints) {
            try {
                InetAddress address = IpLiterals.parse(endpoint.host());
                if (address != null) {
                    literal.add(at(address, endpoint));
                } else {
                    List<InetAddress> addresses = hostNames.addressesOf(endpoint.host());
                    if (!addresses.isEmpty()) {
                        literal.add(at(addresses.get(0), endpoint));
                    }
                }
            } catch (UnknownHostException e) {
                unusable.add(endpoint.host());
                if (!refused.contains(endpoint.host())) {
                    log.warn("{}: not an address: {}", LogText.of(endpoint.service()), LogText.of(endpoint.host()));
                }
            }
        }
        hostNames.endList();
        refused = unusable;
        return once(literal);
    }

    /**
     * An address can be written in several ways. It is told in one: clients compare what they read, and reject a whole list for an address
     * that they cannot read.
     */
    private static Endpoint at(InetAddress address, Endpoint endpoint) throws UnknownHostException {
        if (address instanceof Inet6Address inet6 && (inet6.getScopeId() != 0 || inet6.getScopedInterface() != null)) {
            throw new UnknownHostException("an address for a single machine");
        }
        String written = InetAddresses.toAddrString(address);
        return written.equals(endpoint.host())
                ? endpoint
                : endpoint.toBuilder().host(written).build();
    }

    /** A server may be listed under a name and under its address, or under two ways to write it. */
    private static List<Endpoint> once(List<Endpoint> endpoints) {
        Set<String> addresses = new HashSet<>();
        return endpoints.stream()
                .filter(endpoint -> addresses.add(endpoint.address()))
                .toList();
    }

    /** Says whether a name of the last list has had no answer so far. */
    boolean awaitsFirstAnswers() {
        return hostNames.awaitsFirstAnswers();
    }

    /** Returns in how many nanoseconds a name is to be looked up again, or {@code Suspects.NEVER}. */
    long nextNanos() {
        return hostNames.nextNanos();
    }
}
