package io.github.grpclb.resolver;

import io.github.grpclb.discovery.Endpoint;
import io.grpc.EquivalentAddressGroup;
import java.net.SocketAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees that a server is one of the list once, though it is registered by name and by IP address too: it would have two shares of the
 * calls. Two endpoints are one server if connections to them are first tried at the same address. Of both the one whose process
 * started later counts, with its weight, or else the one whose key is newer, as with two keys of one address. Not thread-safe.
 */
final class SameServers {

    private static final Logger logger = LoggerFactory.getLogger(SameServers.class);

    private static final int MOST_SAID = 100;

    private final String target;
    private final Set<Set<String>> said = new HashSet<>();

    SameServers(String target) {
        this.target = target;
    }

    /** Returns one group for each server, in their order: the same list where no two are one. */
    List<EquivalentAddressGroup> once(List<EquivalentAddressGroup> groups) {
        Map<SocketAddress, EquivalentAddressGroup> newest = new HashMap<>();
        for (EquivalentAddressGroup group : groups) {
            newest.merge(addressOf(group), group, this::newerOf);
        }
        return newest.size() == groups.size()
                ? groups
                : groups.stream()
                        .filter(group -> newest.get(addressOf(group)) == group)
                        .toList();
    }

    /** Returns those groups whose servers are not among the others. */
    static List<EquivalentAddressGroup> without(
            List<EquivalentAddressGroup> others, List<EquivalentAddressGroup> groups) {
        Set<SocketAddress> known = others.stream().map(SameServers::addressOf).collect(Collectors.toSet());
        return groups.stream()
                .filter(group -> !known.contains(addressOf(group)))
                .toList();
    }

    private EquivalentAddressGroup newerOf(EquivalentAddressGroup first, EquivalentAddressGroup second) {
        Endpoint one = endpointOf(first);
        Endpoint other = endpointOf(second);
        boolean firstCounts = Endpoint.NEWEST_LAST.compare(one, other) >= 0;
        if (said.size() < MOST_SAID && said.add(Set.of(nameOf(one), nameOf(other)))) {
            Endpoint counts = firstCounts ? one : other;
            logger.warn(
                    "{}: one server is registered twice, as {} and as {}, both at {}; it is used once, as {} with weight {}",
                    target,
                    nameOf(one),
                    nameOf(other),
                    addressOf(first),
                    counts.address(),
                    counts.weight());
        }
        return firstCounts ? first : second;
    }

    private static SocketAddress addressOf(EquivalentAddressGroup group) {
        return group.getAddresses().get(0);
    }

    private static Endpoint endpointOf(EquivalentAddressGroup group) {
        return Objects.requireNonNull(group.getAttributes().get(EndpointAttributes.ENDPOINT));
    }

    private static String nameOf(Endpoint endpoint) {
        return endpoint.key().isEmpty() ? endpoint.address() : endpoint.key();
    }
}
