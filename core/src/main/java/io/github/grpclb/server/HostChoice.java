package io.github.grpclb.server;

import com.google.common.net.InetAddresses;
import io.github.grpclb.discovery.Cidr;
import java.math.BigInteger;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Chooses under which of its addresses a machine is announced to others. Which interface comes first says nothing: a virtual address on
 * {@code lo} or beside the machine's own is the same on many machines, and a container bridge's leads nowhere from outside. Immutable.
 */
public final class HostChoice {

    /** Nobody has these (RFC 5737, RFC 3849): the route to them is the default one. */
    private static final List<InetAddress> ANYWHERE =
            List.of(InetAddresses.forString("192.0.2.1"), InetAddresses.forString("2001:db8::1"));

    private static final int IPV4_BITS = 32;

    private final List<LocalAddress> local;
    private final Route route;

    /**
     * A host and why it was chosen.
     *
     * @param host an IP literal without brackets or a host name
     * @param reason for a log
     */
    public record Found(String host, String reason) {}

    HostChoice(List<LocalAddress> local, Route route) {
        this.route = route;
        this.local = withSecondaryMarked(local, route);
    }

    /** Returns what this machine's interfaces and routes say now. */
    public static HostChoice ofThisMachine() {
        return new HostChoice(LocalAddresses.read(), Route.OF_THIS_MACHINE);
    }

    /**
     * Returns this machine's address in the first of some networks that it has one in; of several there, the {@linkplain #best best}.
     * Loopback addresses count too.
     */
    public Optional<Found> in(List<Cidr> networks) {
        for (Cidr network : networks) {
            Optional<LocalAddress> found =
                    bestOf(it -> network.contains(it.address()) && LocalAddress.isNamable(it.address()));
            if (found.isPresent()) {
                return found.map(it ->
                        found(it, "address of " + it.networkInterface() + " in the preferred network " + network));
            }
        }
        return Optional.empty();
    }

    /**
     * Returns the address from which this machine reaches the registry. Empty where that says nothing of how others reach this machine:
     * where the registry is on this machine, or in a container on it.
     *
     * @param registry addresses of the registry, the first that says something counts
     */
    public Optional<Found> towards(List<InetAddress> registry) {
        for (InetAddress target : registry) {
            InetAddress source = route.sourceTowards(target);
            if (source != null && LocalAddress.isRoutable(source) && saysSomething(source, target)) {
                return Optional.of(new Found(
                        LocalAddress.literal(lasting(source)),
                        "local address of the route to the registry at " + LocalAddress.literal(target)));
            }
        }
        return Optional.empty();
    }

    /**
     * Returns the address that others most likely reach: of an ordinary interface before one of a tunnel, of containers or of loopback;
     * one that lasts before a secondary, deprecated or temporary one; IPv4 before IPv6; that of the default route before others.
     */
    public Optional<Found> best() {
        return bestOf(it -> LocalAddress.isRoutable(it.address()))
                .map(it -> found(it, "address of " + it.networkInterface() + ", chosen of " + describe()));
    }

    /** Returns all addresses with their interfaces, for a log. */
    public String describe() {
        String all = local.stream()
                .filter(it -> LocalAddress.isNamable(it.address()))
                .map(LocalAddress::toString)
                .collect(Collectors.joining(", "));
        return all.isEmpty() ? "none" : all;
    }

    private static Found found(LocalAddress address, String reason) {
        return new Found(address.literal(), reason);
    }

    private Optional<LocalAddress> bestOf(Predicate<LocalAddress> candidate) {
        Set<InetAddress> byDefault = ANYWHERE.stream()
                .flatMap(target -> Optional.ofNullable(route.sourceTowards(target)).stream())
                .collect(Collectors.toSet());
        return local.stream()
                .filter(candidate)
                .min(Comparator.comparing(LocalAddress::kind)
                        .thenComparing(LocalAddress::passing)
                        .thenComparing(it -> !it.isIpv4())
                        .thenComparing(it -> !byDefault.contains(it.address())));
    }

    private boolean saysSomething(InetAddress source, InetAddress target) {
        Optional<LocalAddress> own = find(source);
        if (find(target).isPresent()) { // the registry is on this machine
            return own.filter(it -> it.kind() == InterfaceKind.ORDINARY && !it.passing())
                    .isPresent();
        }
        return own.map(LocalAddress::kind).orElse(InterfaceKind.ORDINARY) != InterfaceKind.CONTAINERS;
    }

    private Optional<LocalAddress> find(InetAddress address) {
        return local.stream().filter(it -> it.address().equals(address)).findFirst();
    }

    /** IPv6 hosts send from temporary addresses, and receive at one that stays. What an IPv4 route says was configured so. */
    private InetAddress lasting(InetAddress source) {
        Optional<LocalAddress> used = find(source).filter(it -> it.passing() && !it.isIpv4());
        return used.flatMap(it -> bestOf(other -> !other.passing()
                        && !other.isIpv4()
                        && LocalAddress.isRoutable(other.address())
                        && other.networkInterface().equals(it.networkInterface())
                        && network(it).contains(other.address())))
                .map(LocalAddress::address)
                .orElse(source);
    }

    /** Java tells no primary address from a secondary one. The kernel sends from the primary one of a network. */
    private static List<LocalAddress> withSecondaryMarked(List<LocalAddress> local, Route route) {
        Map<String, List<LocalAddress>> byNetwork = new LinkedHashMap<>();
        for (LocalAddress each : local) {
            if (each.isIpv4()) {
                byNetwork
                        .computeIfAbsent(
                                each.networkInterface() + " " + firstOf(each) + "/" + each.prefixLength(),
                                name -> new ArrayList<>())
                        .add(each);
            }
        }
        Set<LocalAddress> secondary = byNetwork.values().stream()
                .flatMap(together -> secondaryOf(together, local, route).stream())
                .collect(Collectors.toSet());
        return local.stream()
                .map(each -> secondary.contains(each) ? each.butPassing() : each)
                .toList();
    }

    private static List<LocalAddress> secondaryOf(List<LocalAddress> together, List<LocalAddress> all, Route route) {
        LocalAddress first = together.get(0);
        if (first.prefixLength() == IPV4_BITS) {
            // beside an address with a network it is one that was lent, such as keepalived's; alone it is how clouds
            // give them
            boolean beside = all.stream()
                    .anyMatch(it -> it.isIpv4()
                            && it.prefixLength() < IPV4_BITS
                            && it.networkInterface().equals(first.networkInterface()));
            return beside ? together : List.of();
        }
        if (together.size() == 1) {
            return List.of();
        }
        InetAddress neighbour = neighbour(together);
        InetAddress source = neighbour == null ? null : route.sourceTowards(neighbour);
        boolean known = together.stream().anyMatch(it -> it.address().equals(source));
        return known
                ? together.stream().filter(it -> !it.address().equals(source)).toList()
                : List.of();
    }

    /** Returns an address of the same network that is not this machine's, or null where there is none. */
    private static @Nullable InetAddress neighbour(List<LocalAddress> together) {
        LocalAddress first = together.get(0);
        BigInteger network = firstOf(first);
        long size = 1L << (IPV4_BITS - first.prefixLength());
        for (long i = 1; i < size - 1 && i <= together.size() + 1; i++) {
            InetAddress candidate = InetAddresses.fromIPv4BigInteger(network.add(BigInteger.valueOf(i)));
            if (together.stream().noneMatch(it -> it.address().equals(candidate))) {
                return candidate;
            }
        }
        return null;
    }

    private static BigInteger firstOf(LocalAddress address) {
        int hostBits = IPV4_BITS - address.prefixLength();
        return InetAddresses.toBigInteger(address.address())
                .shiftRight(hostBits)
                .shiftLeft(hostBits);
    }

    private static Cidr network(LocalAddress address) {
        return new Cidr(address.address(), address.prefixLength());
    }
}
