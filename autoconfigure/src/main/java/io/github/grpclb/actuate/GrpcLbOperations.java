package io.github.grpclb.actuate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;
import org.springframework.core.io.Resource;

/**
 * What changes something through the actuator's endpoint {@code grpclb}, over HTTP alone. It is there only where
 * {@code grpc.lb.operations.enabled} is true: this is the one class that does, beside {@link PreStopSection}.
 *
 * <p>Spring Boot takes a {@code POST} with parameters of its method's as JSON, and answers any other content type, or none, with 415. So
 * no page of another origin can make a browser send one: it would have to ask first, as for a {@code DELETE}, and nobody allows it. The
 * write operation is therefore never to be without parameters.
 */
@EndpointWebExtension(endpoint = GrpcLbEndpoint.class)
public final class GrpcLbOperations {

    private final List<Action> actions;
    private final @Nullable Page page;

    /**
     * Creates the operations.
     *
     * @param actions what may be done
     * @param page whose files a browser is given; null where there is none
     */
    public GrpcLbOperations(List<Action> actions, @Nullable Page page) {
        this.actions = List.copyOf(actions);
        this.page = page;
    }

    /**
     * Does what an action of that name does; 404 where there is none.
     *
     * @see ActionRequest
     */
    @WriteOperation
    @SuppressWarnings("deprecation") // Spring Boot 3.5 knows an optional parameter by its own annotation alone
    public @Nullable Object act(
            @Selector String action,
            @org.springframework.lang.Nullable String service,
            @org.springframework.lang.Nullable String name,
            @org.springframework.lang.Nullable String server,
            @org.springframework.lang.Nullable String zone,
            @org.springframework.lang.Nullable String version,
            @org.springframework.lang.Nullable String all,
            @org.springframework.lang.Nullable String weight,
            @org.springframework.lang.Nullable String disabled,
            @org.springframework.lang.Nullable String policy,
            @org.springframework.lang.Nullable String split,
            @org.springframework.lang.Nullable String author,
            @org.springframework.lang.Nullable String reason,
            @org.springframework.lang.Nullable String duration,
            @org.springframework.lang.Nullable String force) {
        Map<String, String> said = new LinkedHashMap<>();
        put(said, "service", service);
        put(said, "name", name);
        put(said, "server", server);
        put(said, "zone", zone);
        put(said, "version", version);
        put(said, "all", all);
        put(said, "weight", weight);
        put(said, "disabled", disabled);
        put(said, "policy", policy);
        put(said, "split", split);
        put(said, "author", author);
        put(said, "reason", reason);
        put(said, "duration", duration);
        put(said, "force", force);
        return named(action, it -> it.act(new ActionRequest(said)));
    }

    /** Takes back what an action of that name does; 404 where there is none. */
    @DeleteOperation
    @SuppressWarnings("deprecation") // as above
    public @Nullable Object undo(
            @Selector String action,
            @org.springframework.lang.Nullable String service,
            @org.springframework.lang.Nullable String name,
            @org.springframework.lang.Nullable String author) {
        Map<String, String> said = new LinkedHashMap<>();
        put(said, "service", service);
        put(said, "name", name);
        put(said, "author", author);
        return named(action, it -> it.undo(new ActionRequest(said)));
    }

    /** Returns a file of the page, as {@link PageFiles} does where nothing can be changed. */
    @ReadOperation
    public @Nullable WebEndpointResponse<Resource> file(@Selector String section, @Selector String name) {
        return page == null ? null : page.file(section, name);
    }

    private @Nullable Object named(String name, Function<Action, @Nullable Object> call) {
        try {
            for (Action each : actions) {
                if (each.name().equals(name)) {
                    return call.apply(each);
                }
            }
            return new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
        } catch (IllegalArgumentException e) {
            return Unanswered.refused(e);
        }
    }

    private static void put(Map<String, String> said, String name, @Nullable String value) {
        if (value != null) {
            said.put(name, value);
        }
    }
}
