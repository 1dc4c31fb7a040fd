package io.github.grpclb.resolver;

import io.github.grpclb.discovery.Endpoint;
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
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns endpoints into address groups, one each and in the same order. The group of an endpoint that did not change is the same
 * object as before, and the addresses of an endpoint whose weight changed are: so the balancer sees at a glance what is new.
 *
 * <p>Host names are looked up here, which may block. An answer is kept until {@link #forgetLookups()}, and beyond it where no
 * new answer comes. Not thread-safe.
 */
final class AddressGroups {

    private static final Logger logger = LoggerFactory.getLogger(AddressGroups.class);

    private final HostLookup lookup;
    private Map<String, Lookup> lookups = new HashMap<>();
    private List<Entry> entries = List.of();
    private boolean lookupsAreStale;

    AddressGroups(HostLookup lookup) {
        this.lookup = lookup;
    }

    /**
     * Returns the groups of those endpoints whose host has an address.
     *
     * @param endpoints as the source gave them
     */
    List<EquivalentAddressGroup> of(List<Endpoint> endpoints) {
        Map<String, Lookup> previousLookups = lookups;
        lookups = new HashMap<>();
        Previous previous = new Previous(entries);
        List<Entry> next = new ArrayList<>(endpoints.size());
        List<EquivalentAddressGroup> groups = new ArrayList<>(endpoints.size());
        for (Endpoint endpoint : endpoints) {
            Entry entry = entryOf(endpoint, previous.of(endpoint), previousLookups);
            if (entry != null) {
                next.add(entry);
                groups.add(entry.group);
            }
        }
        entries = next;
        lookupsAreStale = false;
        return groups;
    }

    /** Makes the next {@link #of} look all host names up again. */
    void forgetLookups() {
        lookupsAreStale = true;
    }

    /** Says whether an endpoint of the last list has a host name. */
    boolean hasHostNames() {
        return !lookups.isEmpty();
    }

    /** Says whether an endpoint of the last list is left out, since its host name has no address yet. */
    boolean awaitsLookups() {
        return lookups.values().stream().anyMatch(answer -> answer.addresses.isEmpty());
    }

    private @Nullable Entry entryOf(Endpoint endpoint, @Nullable Entry before, Map<String, Lookup> previousLookups) {
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
        List<InetAddress> hosts = addressesOf(endpoint.host(), previousLookups);
        if (hosts.isEmpty()) {
            return null;
        }
        List<SocketAddress> addresses = new ArrayList<>(hosts.size());
        hosts.forEach(host -> addresses.add(new InetSocketAddress(host, endpoint.port())));
        return before == null ? Entry.of(endpoint, addresses, false) : before.with(endpoint, addresses);
    }

    private List<InetAddress> addressesOf(String host, Map<String, Lookup> previousLookups) {
        Lookup known = lookups.get(host);
        if (known == null) {
            Lookup before = previousLookups.get(host);
            known = before != null && !lookupsAreStale ? before : lookUp(host, before);
            lookups.put(host, known);
        }
        return known.addresses;
    }

    private Lookup lookUp(String host, @Nullable Lookup before) {
        try {
            List<InetAddress> found = lookup.addressesOf(host);
            // a name server turns its answers round; the same set is the same answer
            if (before != null && Set.copyOf(before.addresses).equals(Set.copyOf(found))) {
                return new Lookup(before.addresses, null);
            }
            return new Lookup(found, null);
        } catch (UnknownHostException | RuntimeException e) {
            // one host that cannot be looked up must not hide the others
            String failure = e.toString();
            List<InetAddress> kept = before == null ? List.of() : before.addresses;
            if (before == null || !failure.equals(before.failure)) {
                logger.warn("host name '{}' cannot be looked up, using {}: {}", host, kept, failure);
            }
            return new Lookup(kept, failure);
        }
    }

    /** An answer, and why there is no newer one. */
    private record Lookup(
            List<InetAddress> addresses, @Nullable String failure) {}

    private record Entry(Endpoint endpoint, EquivalentAddressGroup group, boolean isLiteral) {

        static Entry of(Endpoint endpoint, List<SocketAddress> addresses, boolean isLiteral) {
            Attributes attributes = Attributes.newBuilder()
                    .set(EndpointNameResolver.ENDPOINT, endpoint)
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
