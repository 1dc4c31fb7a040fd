package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.discovery.follow.RegistryLoop;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The EndpointSlices of one Service, and the endpoints that they are together. A pod may be in two slices while it is moved from one to
 * the other, and is in one of each family where the Service has IPv4 and IPv6: it is one endpoint. For the loop's thread.
 */
final class SliceTable {

    private static final Logger log = LoggerFactory.getLogger(SliceTable.class);
    private static final int MOST_NAMED = 10;

    /** Under what name an endpoint's metadata have the node. */
    static final String NODE = "node";

    private final String service;
    private final ServiceTarget target;
    private final RegistryLoop loop;
    private final AddressRules rules;
    private final RegistryObserver observer;
    private final Consumer<Endpoint> deregistered;
    private final Comparator<EndpointSlice> order;
    private final Map<String, EndpointSlice> slices = new TreeMap<>();

    /** The hosts of those that were about to leave at some time since the last list. */
    private final Set<String> leaving = new HashSet<>();

    /** What cannot be used of the last list's slices, by slice and address, and why: of both no more than are told. */
    private final Map<String, String> refused = new TreeMap<>();

    private List<String> unreadable = List.of();
    private List<Endpoint> listed = List.of();

    /**
     * Creates it.
     *
     * @param service as it is subscribed to
     * @param deregistered is told of each endpoint that left on purpose
     * @param preferIpv6 which address is used of a pod that has two
     */
    SliceTable(
            String service,
            ServiceTarget target,
            RegistryLoop loop,
            AddressRules rules,
            RegistryObserver observer,
            Consumer<Endpoint> deregistered,
            boolean preferIpv6) {
        this.service = service;
        this.target = target;
        this.loop = loop;
        this.rules = rules;
        this.observer = observer;
        this.deregistered = deregistered;
        Comparator<String> families = preferIpv6 ? Comparator.reverseOrder() : Comparator.naturalOrder();
        this.order = Comparator.<EndpointSlice>comparingInt(
                        slice -> slice.addressType().startsWith("IP") ? 0 : 1)
                .thenComparing(EndpointSlice::addressType, families)
                .thenComparing(EndpointSlice::name);
    }

    /**
     * Takes a whole list in place of all that was known.
     *
     * @param bad why some slices cannot be read
     */
    void replace(List<EndpointSlice> list, List<String> bad) {
        slices.clear();
        list.forEach(this::put);
        unreadable = bad;
        bad.forEach(this::skipped);
    }

    /** Takes a slice that is new or has changed. */
    void put(EndpointSlice slice) {
        slices.put(slice.name(), slice);
        leavingOf(slice, leaving);
    }

    /** Drops a slice. */
    void remove(String name) {
        slices.remove(name);
    }

    /** Returns how many slices there are. */
    int size() {
        return slices.size();
    }

    /** Returns why none of the endpoints can be called; null where that is not for the want of a port. */
    @Nullable
    String problem() {
        return PortChoice.of(target, slices.values()).problem(slices.values());
    }

    /** Returns what {@link #listed()} could not use when it was last asked, and why. */
    UnusedRecords unused() {
        return new UnusedRecords(
                refused.size() + unreadable.size(),
                Stream.concat(
                                refused.entrySet().stream().map(each -> unused(each.getKey(), each.getValue())),
                                unreadable.stream().map(why -> unused(target.toString(), why)))
                        .limit(UnusedRecords.MOST)
                        .toList());
    }

    private static UnusedRecords.Unused unused(String key, String why) {
        return new UnusedRecords.Unused(key, UnusedRecords.Cause.REFUSED, false, why);
    }

    /** Says that a record could not be read, once for each way in which it cannot. */
    void skipped(String why) {
        if (loop.logLimit().isNew(target, why)) {
            log.warn("{}: skipped in the EndpointSlices of Service {}: {}", LogText.of(service), target, why);
            loop.foreign(() -> observer.recordSkipped(service));
        }
    }

    /**
     * Returns the endpoints for a list, ordered by namespace and pod, no address and no pod twice. One that is what the last list held
     * is the same object. Tells who left on purpose since that one, and logs what has changed.
     */
    List<Endpoint> listed() {
        Map<String, Endpoint> before = byAddress(listed);
        List<Endpoint> now = endpoints().stream()
                .map(endpoint -> sameOrNew(endpoint, before.get(endpoint.address())))
                .sorted(Comparator.comparing(Endpoint::key).thenComparing(Endpoint::address))
                .toList();
        Set<String> there = byAddress(now).keySet();
        List<Endpoint> gone = listed.stream()
                .filter(endpoint -> !there.contains(endpoint.address()))
                .toList();
        logChange(
                now.size(),
                now.stream()
                        .filter(endpoint -> !before.containsKey(endpoint.address()))
                        .toList(),
                gone);
        gone.stream()
                .filter(endpoint -> endpoint.state() == Endpoint.State.UP && leaving.contains(endpoint.host()))
                .forEach(endpoint -> deregistered.accept(
                        endpoint.toBuilder().state(Endpoint.State.DRAINING).build()));
        leaving.clear();
        slices.values().forEach(slice -> leavingOf(slice, leaving));
        listed = now;
        return now;
    }

    private List<Endpoint> endpoints() {
        refused.clear();
        PortChoice choice = PortChoice.of(target, slices.values());
        Map<String, Endpoint> byAddress = new HashMap<>();
        Map<String, String> families = new HashMap<>();
        for (EndpointSlice slice : slices.values().stream().sorted(order).toList()) {
            Integer port = choice.in(slice);
            if (port == null) {
                continue;
            }
            for (EndpointSlice.Member member : slice.members()) {
                Endpoint endpoint = endpoint(slice, member, port);
                if (endpoint != null && isItsFirstFamily(slice, member, families)) {
                    byAddress.merge(endpoint.address(), endpoint, SliceTable::better);
                }
            }
        }
        return new ArrayList<>(byAddress.values());
    }

    private static Endpoint sameOrNew(Endpoint endpoint, @Nullable Endpoint before) {
        return before != null && before.equals(endpoint) ? before : endpoint;
    }

    /** A pod has an address of each family; both would be two shares of the calls. */
    private static boolean isItsFirstFamily(
            EndpointSlice slice, EndpointSlice.Member member, Map<String, String> families) {
        if (member.target() == null) {
            return true;
        }
        String first = families.putIfAbsent(member.target(), slice.addressType());
        return first == null || first.equals(slice.addressType());
    }

    /** Of two entries for one address the one that takes calls counts. */
    private static Endpoint better(Endpoint one, Endpoint other) {
        return one.state() == Endpoint.State.UP ? one : other;
    }

    private @Nullable Endpoint endpoint(EndpointSlice slice, EndpointSlice.Member member, int port) {
        Endpoint.State state = member.state();
        if (state == null) {
            return null;
        }
        try {
            String host = SliceHost.of(slice.addressType(), member.address(), rules);
            String name = member.id() == null ? host : member.id();
            return Endpoint.builder(service, host, port)
                    .id(member.id())
                    .state(state)
                    .zone(member.zone())
                    .metadata(member.node() == null ? Map.of() : Map.of(NODE, member.node()))
                    .key(target.namespace() + "/" + name)
                    .build();
        } catch (IllegalValueException e) {
            refused.put(target.namespace() + "/" + slice.name() + " " + member.address(), e.getMessage());
            skipped(slice.name() + ": " + e.getMessage());
            return null;
        }
    }

    private static void leavingOf(EndpointSlice slice, Set<String> hosts) {
        slice.members().stream()
                .filter(EndpointSlice.Member::terminating)
                .map(member -> member.address().toLowerCase(Locale.ROOT))
                .forEach(hosts::add);
    }

    private void logChange(int size, List<Endpoint> added, List<Endpoint> gone) {
        if (!added.isEmpty() || !gone.isEmpty()) {
            log.info(
                    "{}: {} endpoints; added: {}; removed: {}",
                    LogText.of(service),
                    size,
                    describe(added),
                    describe(gone));
        }
    }

    private static String describe(List<Endpoint> endpoints) {
        String named = endpoints.stream()
                .limit(MOST_NAMED)
                .map(endpoint -> LogText.of(endpoint.key()) + " " + endpoint.address())
                .collect(Collectors.joining(", "));
        return endpoints.isEmpty()
                ? "none"
                : named + (endpoints.size() > MOST_NAMED ? " and " + (endpoints.size() - MOST_NAMED) + " more" : "");
    }

    private static Map<String, Endpoint> byAddress(List<Endpoint> endpoints) {
        Map<String, Endpoint> found = new HashMap<>();
        endpoints.forEach(endpoint -> found.put(endpoint.address(), endpoint));
        return found;
    }
}
