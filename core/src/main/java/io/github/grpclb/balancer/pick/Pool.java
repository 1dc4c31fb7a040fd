package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.grpc.ConnectivityState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Servers among which a policy is to choose. All lists are in the same order and not to be changed.
 *
 * @param name which part of the channel's servers this is; empty for all
 * @param known all of it
 * @param connected those that are ready, without the disabled ones: no step brings these back
 * @param usable those of them that are not ejected; the same list where none is
 */
record Pool(
        String name, List<EndpointCandidate> known, List<EndpointCandidate> connected, List<EndpointCandidate> usable) {

    private static final int MAX_NAME = 64;
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cntrl}\\p{Cf}\\p{Zl}\\p{Zp}]");

    /** Makes a pool of all of a channel's servers. */
    static Pool of(List<EndpointCandidate> known) {
        List<EndpointCandidate> connected = filter(known, candidate -> candidate.isReady() && !candidate.isDisabled());
        return new Pool("", known, connected, connected);
    }

    Pool withUsable(List<EndpointCandidate> others) {
        return new Pool(name, known, connected, others);
    }

    /** Returns the part of it that is wanted. */
    Pool part(String part, Predicate<EndpointCandidate> wanted) {
        List<EndpointCandidate> connectedPart = filter(connected, wanted);
        return new Pool(
                name + "/" + part,
                filter(known, wanted),
                connectedPart,
                usable == connected ? connectedPart : filter(usable, wanted));
    }

    /** Returns a part of it for each value that a server has; servers without one are in none. */
    Map<String, Pool> parts(String key, Function<EndpointCandidate, @Nullable String> valueOf) {
        Map<String, Pool> parts = new TreeMap<>();
        for (EndpointCandidate candidate : known) {
            String value = valueOf.apply(candidate);
            if (value != null) {
                Pool part = parts.computeIfAbsent(value, each -> empty(key + "=" + each));
                part.known.add(candidate);
            }
        }
        addEach(connected, valueOf, parts, Pool::connected);
        addEach(usable, valueOf, parts, Pool::usable);
        return parts;
    }

    /** Says whether a new call can go somewhere at once. */
    boolean canServe() {
        return !usable.isEmpty();
    }

    /** Says whether a connection to one of them that takes new calls is under way, or would be made for a call. */
    static boolean isConnecting(List<EndpointCandidate> candidates) {
        return candidates.stream()
                .anyMatch(candidate -> !candidate.isDisabled()
                        && (candidate.state() == ConnectivityState.CONNECTING
                                || candidate.state() == ConnectivityState.IDLE));
    }

    /**
     * Returns those of it that may take new calls, and are connected to or are to be; the same list where a channel connects to all and
     * none is disabled.
     */
    List<EndpointCandidate> awake() {
        return filter(known, candidate -> !candidate.isAsleep() && !candidate.isDisabled());
    }

    /** Says how many there are, for the status of a call. */
    String counts() {
        return usable.size() + " ready of " + known.size() + " known";
    }

    private Pool empty(String part) {
        return new Pool(name + "/" + printable(part), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }

    /** A part is named after what stands in records of others, and its name is logged. */
    private static String printable(String part) {
        String cut = part.length() <= MAX_NAME ? part : part.substring(0, MAX_NAME) + "…";
        return UNPRINTABLE.matcher(cut).replaceAll("?");
    }

    private static void addEach(
            List<EndpointCandidate> candidates,
            Function<EndpointCandidate, @Nullable String> valueOf,
            Map<String, Pool> parts,
            Function<Pool, List<EndpointCandidate>> list) {
        for (EndpointCandidate candidate : candidates) {
            String value = valueOf.apply(candidate);
            Pool part = value == null ? null : parts.get(value);
            if (part != null) {
                list.apply(part).add(candidate);
            }
        }
    }

    /** Returns a set that knows its members by identity: a server may have several candidates. */
    static Set<EndpointCandidate> identitySet(List<EndpointCandidate> members) {
        Set<EndpointCandidate> set = Collections.newSetFromMap(new IdentityHashMap<>());
        set.addAll(members);
        return set;
    }

    /** Returns the list itself where all of it is wanted. */
    static List<EndpointCandidate> filter(List<EndpointCandidate> list, Predicate<EndpointCandidate> wanted) {
        int first = 0;
        while (first < list.size() && wanted.test(list.get(first))) {
            first++;
        }
        if (first == list.size()) {
            return list;
        }
        List<EndpointCandidate> kept = new ArrayList<>(list.subList(0, first));
        for (EndpointCandidate candidate : list.subList(first + 1, list.size())) {
            if (wanted.test(candidate)) {
                kept.add(candidate);
            }
        }
        return kept;
    }
}
