package io.github.grpclb.actuate;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.override.Override.Effect;
import io.github.grpclb.override.Override.Selector;
import io.github.grpclb.override.OverrideStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.core.convert.ConversionException;

/**
 * Puts an override, and ends one. Knows {@code service}, {@code name}; one of {@code server}, {@code zone}, {@code version} and {@code
 * all} ({@code true}), which a policy and a split need not say; one of {@code weight}, {@code disabled}, {@code policy} and {@code split} ({@code version:v2=5,v3=10}); {@code duration},
 * {@code author}, {@code reason} and {@code force}. Thread-safe.
 */
public final class OverridesAction implements Action {

    private static final String EXPECTED_SPLIT = "KEY:VALUE=PERCENT,…, such as version:v2=5";

    private final OverrideStore store;

    public OverridesAction(OverrideStore store) {
        this.store = store;
    }

    @java.lang.Override
    public String name() {
        return OverridesSection.NAME;
    }

    @java.lang.Override
    public Object act(ActionRequest request) {
        OverrideStore.Draft draft = new OverrideStore.Draft(
                request.require("service", "a service's name"),
                request.get("name"),
                selector(request),
                effect(request),
                duration(request.require("duration", "a time such as 10m")),
                request.require("author", "who wants it so"),
                request.require("reason", "why, for whoever asks"),
                Boolean.parseBoolean(request.get("force")));
        return RegistryAnswer.of(store.put(draft), OverridesSection.Told::of);
    }

    @java.lang.Override
    public Object undo(ActionRequest request) {
        return RegistryAnswer.of(
                store.delete(
                        request.require("service", "a service's name"), request.require("name", "an override's name")),
                ended -> new WebEndpointResponse<>(
                        ended ? WebEndpointResponse.STATUS_NO_CONTENT : WebEndpointResponse.STATUS_NOT_FOUND));
    }

    private static Selector selector(ActionRequest request) {
        List<Selector> given = new ArrayList<>();
        String server = request.getUnlessBlank("server", "a server's id or address");
        String zone = request.getUnlessBlank("zone", "a zone");
        String version = request.getUnlessBlank("version", "a version");
        if (server != null) {
            given.add(new Selector.Server(server));
        }
        if (zone != null) {
            given.add(new Selector.Zone(zone));
        }
        if (version != null) {
            given.add(new Selector.Version(version));
        }
        // whoever names no server, or misspells the name of the parameter, does not mean all of them
        boolean isForAll = request.get("policy") != null || request.get("split") != null;
        if (Boolean.parseBoolean(request.get("all")) || (given.isEmpty() && isForAll)) {
            given.add(new Selector.All());
        }
        if (given.size() != 1) {
            throw new IllegalValueException("selector", given, "one of server, zone, version and all=true");
        }
        return given.get(0);
    }

    private static Effect effect(ActionRequest request) {
        List<Effect> given = new ArrayList<>();
        String weight = request.get("weight");
        String policy = request.get("policy");
        String split = request.get("split");
        if (weight != null) {
            given.add(new Effect.Weight(weight(weight)));
        }
        if (Boolean.parseBoolean(request.get("disabled"))) {
            given.add(new Effect.Disabled());
        }
        if (policy != null) {
            given.add(new Effect.Policy(policy));
        }
        if (split != null) {
            given.add(new Effect.Split(split(split)));
        }
        if (given.size() != 1) {
            throw new IllegalValueException("effect", given, "one of weight, disabled, policy and split");
        }
        return given.get(0);
    }

    private static int weight(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalValueException("weight", text, "a whole number, 0 to " + Endpoint.MAX_WEIGHT);
        }
    }

    private static BalancingOverride.Split split(String text) {
        int colon = text.indexOf(':');
        Map<String, Double> shares = new LinkedHashMap<>();
        for (String each : text.substring(colon + 1).split(",")) {
            int sign = each.lastIndexOf('=');
            if (colon <= 0 || sign <= 0) {
                throw new IllegalValueException("split", text, EXPECTED_SPLIT);
            }
            try {
                shares.put(each.substring(0, sign).strip(), Double.valueOf(each.substring(sign + 1)));
            } catch (NumberFormatException e) {
                throw new IllegalValueException("split", text, EXPECTED_SPLIT);
            }
        }
        return new BalancingOverride.Split(text.substring(0, colon).strip(), shares);
    }

    private static Duration duration(String text) {
        Duration duration;
        try {
            duration = ApplicationConversionService.getSharedInstance().convert(text, Duration.class);
        } catch (ConversionException e) {
            duration = null;
        }
        if (duration == null) {
            throw new IllegalValueException("duration", text, "a time such as 10m");
        }
        return duration;
    }
}
