package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.ConfigurationCheck;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.BindResult;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/** Finds settings of the readiness that have no effect: readiness takes two of them, and one is easily left out. */
public final class ReadinessSettings implements ConfigurationCheck {

    /** Switches it on. */
    public static final String ENABLED = "management.health.grpc-lb-readiness.enabled";

    /** The health indicator's bean. */
    public static final String INDICATOR = "grpcLbReadinessHealthIndicator";

    private static final String CONTRIBUTOR = "grpcLbReadiness";
    private static final String GROUPS = "management.endpoint.health.group";
    private static final String MIN_READY = "min-ready-endpoints";

    private final GrpcLbProperties properties;
    private final ClientProperties allClients;
    private final Environment environment;
    private final Predicate<String> hasBean;

    /**
     * Creates it.
     *
     * @param hasBean whether there is a bean of a name
     */
    ReadinessSettings(
            GrpcLbProperties properties,
            ClientProperties allClients,
            Environment environment,
            Predicate<String> hasBean) {
        this.properties = properties;
        this.allClients = allClients;
        this.environment = environment;
        this.hasBean = hasBean;
    }

    @Override
    public Collection<String> warnings() {
        if (hasBean.test(INDICATOR)) {
            return isInGroup()
                    ? List.of()
                    : List.of(ENABLED + " has no effect on a probe: no health group includes " + CONTRIBUTOR + "; set "
                            + GROUPS + ".readiness.include=readinessState," + CONTRIBUTOR);
        }
        return needs().stream()
                .map(property -> property + " has no effect: there is no health contributor " + CONTRIBUTOR
                        + "; add Spring Boot's actuator and set " + ENABLED + "=true")
                .toList();
    }

    private List<String> needs() {
        List<String> needs = new ArrayList<>();
        if (isSet(allClients.minReadyEndpoints())) {
            needs.add("grpc.lb." + MIN_READY);
        }
        properties.clients().forEach((client, settings) -> {
            if (isSet(settings.minReadyEndpoints())) {
                needs.add("grpc.lb.clients." + client + "." + MIN_READY);
            }
        });
        return needs;
    }

    private static boolean isSet(@Nullable Integer least) {
        return least != null && least > 0;
    }

    /** Groups that others than properties make are not looked at: they are for who knows what he does. */
    private boolean isInGroup() {
        BindResult<Map<String, Object>> groups =
                Binder.get(environment).bind(GROUPS, Bindable.mapOf(String.class, Object.class));
        return groups.isBound()
                && groups.get().values().stream()
                        .map(group -> group instanceof Map<?, ?> members ? String.valueOf(members.get("include")) : "")
                        .anyMatch(include -> include.contains(CONTRIBUTOR) || include.contains("*"));
    }
}
