package io.github.grpclb.balancer.dryrun;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.Similar;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What would be otherwise: servers' weights, servers and zones that are gone, another policy. Immutable. */
public final class WhatIf {

    /** What {@link #parse} reads. */
    static final String FORM =
            "weight.<id or address>=<weight>, disable.<id or address>, policy=<name> or zoneGone=<zone>, divided by commas";

    /** Nothing would be. */
    public static final WhatIf NOTHING = new WhatIf(Map.of(), Set.of(), Set.of(), null);

    private static final int MOST_NAMED = 20;

    private final Map<String, Integer> weights;
    private final Set<String> disabled;
    private final Set<String> zonesGone;
    private final @Nullable String policy;

    private WhatIf(Map<String, Integer> weights, Set<String> disabled, Set<String> zonesGone, @Nullable String policy) {
        this.weights = weights;
        this.disabled = disabled;
        this.zonesGone = zonesGone;
        this.policy = policy;
    }

    /**
     * Reads a change: {@code weight.s1=0,disable.10.0.0.7:8080,policy=least_request,zoneGone=z1}.
     *
     * @param text null or blank for {@link #NOTHING}
     * @throws IllegalValueException if a name is not known, or a value is not what it must be
     */
    public static WhatIf parse(@Nullable String text) {
        Map<String, Integer> weights = new HashMap<>();
        Set<String> disabled = new HashSet<>();
        Set<String> zonesGone = new HashSet<>();
        String policy = null;
        for (String part : NamedValues.split(text)) {
            // a server's id may hold one itself
            int equals = part.lastIndexOf('=');
            String name = equals < 0 ? part : part.substring(0, equals).trim();
            String value = equals < 0 ? "" : part.substring(equals + 1).trim();
            String server = name.substring(name.indexOf('.') + 1);
            if (equals > 0 && name.startsWith("weight.") && !server.isBlank()) {
                weights.put(server, weight(name, value));
            } else if (name.startsWith("disable.") && !server.isBlank()) {
                if (!value.isEmpty() && !value.equals("true")) {
                    throw new IllegalValueException(name, value, "nothing, or true");
                }
                disabled.add(server);
            } else if (name.equals("policy") && !value.isEmpty()) {
                policy = value;
            } else if (name.equals("zoneGone") && !value.isEmpty()) {
                zonesGone.add(value);
            } else {
                throw new IllegalValueException("change", part, FORM);
            }
        }
        return new WhatIf(weights, disabled, zonesGone, policy);
    }

    private static int weight(String name, String value) {
        try {
            int weight = Integer.parseInt(value);
            if (weight >= 0 && weight <= Endpoint.MAX_WEIGHT) {
                return weight;
            }
        } catch (NumberFormatException e) {
            // refused below
        }
        throw new IllegalValueException(name, value, "0 to " + Endpoint.MAX_WEIGHT);
    }

    boolean isNothing() {
        return weights.isEmpty() && disabled.isEmpty() && zonesGone.isEmpty() && policy == null;
    }

    /** Returns the policy that picks, or null where it stays. */
    @Nullable
    String policy() {
        return policy;
    }

    /**
     * Looks whether what is changed is there.
     *
     * @throws IllegalValueException if it is not
     */
    void requireFits(Collection<Endpoint> servers) {
        Set<String> names = new TreeSet<>();
        Set<String> zones = new TreeSet<>();
        for (Endpoint server : servers) {
            names.addAll(namesOf(server));
            if (server.zone() != null) {
                zones.add(server.zone());
            }
        }
        weights.keySet().forEach(name -> require("weight", name, names, "the id or the address of a server"));
        disabled.forEach(name -> require("disable", name, names, "the id or the address of a server"));
        zonesGone.forEach(zone -> require("zoneGone", zone, zones, "a zone"));
    }

    private static void require(String what, String name, Set<String> names, String expected) {
        if (!names.contains(name)) {
            String known = names.size() <= MOST_NAMED ? ", one of " + names : "";
            String similar = Similar.to(name, names)
                    .map(other -> "; did you mean " + other + "?")
                    .orElse("");
            throw new IllegalValueException(what, name, expected + known + similar);
        }
    }

    /** Returns a server as it would be; null where it would be gone. */
    @Nullable
    Endpoint apply(Endpoint server) {
        if (server.zone() != null && zonesGone.contains(server.zone())) {
            return null;
        }
        List<String> names = namesOf(server);
        if (names.stream().anyMatch(disabled::contains)) {
            return server.toBuilder().state(Endpoint.State.DISABLED).build();
        }
        for (String name : names) {
            Integer weight = weights.get(name);
            if (weight != null) {
                return server.toBuilder().weight(weight).build();
            }
        }
        return server;
    }

    private static List<String> namesOf(Endpoint server) {
        String id = server.id();
        return id == null ? List.of(server.address()) : List.of(id, server.address());
    }
}
