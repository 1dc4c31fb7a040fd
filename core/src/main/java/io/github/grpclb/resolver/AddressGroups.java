package io.github.grpclb.resolver;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.discovery.UnusedRecords.Unused;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.discovery.hosts.IpLiterals;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns endpoints into address groups, one each and in the same order. The group of an endpoint that did not change is the same
 * object as before, and the addresses of an endpoint whose weight changed are: so the balancer sees at a glance what is new.
 *
 * <p>Not thread-safe.
 */
final class AddressGroups {

    private static final Logger logger = LoggerFactory.getLogger(AddressGroups.class);

    private final HostNames hostNames;
    private List<Entry> entries = List.of();
    private UnusedRecords withoutAddress = UnusedRecords.NONE;

    AddressGroups(HostNames hostNames) {
        this.hostNames = hostNames;
    }

    /**
     * Returns the groups of those endpoints whose host has an address, as far as that is known.
     *
     * @param endpoints as the source gave them
     */
    List<EquivalentAddressGroup> of(List<Endpoint> endpoints, long now) {
        hostNames.startList(now);
        Previous previous = new Previous(entries);
        List<Entry> next = new ArrayList<>(endpoints.size());
        List<EquivalentAddressGroup> groups = new ArrayList<>(endpoints.size());
        int without = 0;
        List<Unused> some = new ArrayList<>(0);
        for (Endpoint endpoint : endpoints) {
            Entry entry = entryOf(endpoint, previous.of(endpoint));
            if (entry != null) {
                next.add(entry);
                groups.add(entry.group);
            } else if (++without <= UnusedRecords.MOST) {
                some.add(new Unused(endpoint.key(), UnusedRecords.Cause.NO_ADDRESS, false, whyNone(endpoint.host())));
            }
        }
        withoutAddress = without == 0 ? UnusedRecords.NONE : new UnusedRecords(without, some);
        entries = next;
        hostNames.endList();
        return groups;
    }

    /** Returns those of the last list whose host has no address, as far as that is known. */
    UnusedRecords withoutAddress() {
        return withoutAddress;
    }

    private String whyNone(String host) {
        if (!hostNames.knows(host)) {
            return "host '" + LogText.of(host) + "' (expected: an IP address or a host name)";
        }
        String failure = hostNames.failureOf(host);
        return "host name '" + LogText.of(host) + "' "
                + (failure == null ? "is being looked up" : "cannot be looked up: " + LogText.of(failure));
    }

    private @Nullable Entry entryOf(Endpoint endpoint, @Nullable Entry before) {
        if (before != null && before.isLiteral) {
            return before.with(endpoint, before.group.getAddresses());
        }
        try {
            InetAddress literal = IpLiterals.parse(endpoint.host());
            if (literal != null) {
                return Entry.of(endpoint, List.of(new InetSocketAddress(literal, endpoint.port())), true);
            }
        } catch (UnknownHostException e) {
            logger.warn("{}: not an address: {}", endpoint.service(), e.getMessage());
            return null;
        }
        List<InetAddress> hosts = hostNames.addressesOf(endpoint.host());
        if (hosts.isEmpty()) {
            return null;
        }
        List<SocketAddress> addresses = new ArrayList<>(hosts.size());
        hosts.forEach(host -> addresses.add(new InetSocketAddress(host, endpoint.port())));
        return before == null ? Entry.of(endpoint, addresses, false) : before.with(endpoint, addresses);
    }

    private record Entry(Endpoint endpoint, EquivalentAddressGroup group, boolean isLiteral) {

        static Entry of(Endpoint endpoint, List<SocketAddress> addresses, boolean isLiteral) {
            Attributes attributes = Attributes.newBuilder()
                    .set(EndpointAttributes.ENDPOINT, endpoint)
                    .build();
            return new Entry(endpoint, new EquivalentAddressGroup(addresses, attributes), isLiteral);
        }

        Entry with(Endpoint newEndpoint, List<SocketAddress> newAddresses) {
            boolean same = endpoint.equals(newEndpoint) && group.getAddresses().equals(newAddresses);
            return same ? this : of(newEndpoint, newAddresses, isLiteral);
        }
    }

    /** The entries of the list before, found by position as long as the lists run in step, else by host and port. */
    private static final class Previous {

        private final List<Entry> entries;
        private int position;
        private @Nullable Map<HostAndPort, Entry> byAddress;

        Previous(List<Entry> entries) {
            this.entries = entries;
        }

        @Nullable
        Entry of(Endpoint endpoint) {
            int here = position++;
            if (here < entries.size()) {
                Entry entry = entries.get(here);
                if (HostAndPort.of(entry.endpoint).equals(HostAndPort.of(endpoint))) {
                    return entry;
                }
            }
            Map<HostAndPort, Entry> map = byAddress;
            if (map == null) {
                map = new HashMap<>();
                for (Entry entry : entries) {
                    map.put(HostAndPort.of(entry.endpoint), entry);
                }
                byAddress = map;
            }
            return map.get(HostAndPort.of(endpoint));
        }
    }

    private record HostAndPort(String host, int port) {
        static HostAndPort of(Endpoint endpoint) {
            return new HostAndPort(endpoint.host(), endpoint.port());
        }
    }
}
