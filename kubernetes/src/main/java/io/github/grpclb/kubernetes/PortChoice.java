package io.github.grpclb.kubernetes;

import java.util.Collection;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which port of its endpoints is called: the one that the target names, else the only one. A port of one name may have several numbers,
 * each in slices of its own, as while pods are replaced by others that listen elsewhere. Immutable.
 *
 * @param target the Service, with the port that is wanted
 * @param only the name of the only port, which may be empty; null where there are several or none
 */
record PortChoice(ServiceTarget target, @Nullable String only) {

    /** Chooses among the ports of a Service's slices. */
    static PortChoice of(ServiceTarget target, Collection<EndpointSlice> slices) {
        TreeSet<String> names =
                tcpPorts(slices).map(EndpointSlice.Port::name).collect(Collectors.toCollection(TreeSet::new));
        return new PortChoice(target, names.size() == 1 ? names.first() : null);
    }

    /** Returns the port's number in a slice; null where it is not among those of the slice. */
    @Nullable
    Integer in(EndpointSlice slice) {
        Integer wanted = target.portNumber();
        if (slice.ports().isEmpty()) {
            return wanted;
        }
        return slice.ports().stream()
                .filter(EndpointSlice.Port::isTcp)
                .filter(this::isWanted)
                .map(port -> port.number() == null ? wanted : port.number())
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** Returns why nobody of those slices can be called, though they have endpoints; null where it is not the port's fault. */
    @Nullable
    String problem(Collection<EndpointSlice> slices) {
        boolean fits = slices.stream().anyMatch(slice -> hasMembers(slice) && in(slice) != null);
        if (fits || slices.stream().noneMatch(PortChoice::hasMembers)) {
            return null;
        }
        String there =
                tcpPorts(slices).map(PortChoice::describe).distinct().sorted().collect(Collectors.joining(", "));
        return "Service " + target + ": its EndpointSlices have "
                + (there.isEmpty() ? "no TCP port" : "the TCP ports " + there)
                + (target.port() == null ? "" : ", and none that is '" + target.port() + "'")
                + "; write k8s:///" + target.name() + "." + target.namespace()
                + ":port, with a name of theirs or the number at which the pods listen";
    }

    private boolean isWanted(EndpointSlice.Port port) {
        Integer wanted = target.portNumber();
        return port.name().equals(target.port() == null ? only : target.port())
                || wanted != null && (port.number() == null || port.number().equals(wanted));
    }

    private static Stream<EndpointSlice.Port> tcpPorts(Collection<EndpointSlice> slices) {
        return slices.stream()
                .filter(PortChoice::hasMembers)
                .flatMap(slice -> slice.ports().stream())
                .filter(EndpointSlice.Port::isTcp);
    }

    /** One without any is what is left of a Service that is scaled to zero. */
    private static boolean hasMembers(EndpointSlice slice) {
        return !slice.members().isEmpty();
    }

    private static String describe(EndpointSlice.Port port) {
        return (port.name().isEmpty() ? "" : port.name() + "=") + port.number();
    }
}
