package io.github.grpclb.discovery;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One server of a service as the registry knows it. Immutable; equal when every component is equal.
 *
 * <p>What makes two endpoints the <em>same</em> server is not equality but {@link #identity()}: a process restarted on the
 * same port is another server and inherits no statistics, while a changed weight leaves the server the same.
 *
 * @param service the service's name, not blank
 * @param host IP literal without brackets, or a host name; not blank
 * @param port 1 to 65535
 * @param id the server's own id, or null where the record has none
 * @param weight share of calls relative to the other endpoints, ≥ 0; 0 takes no new calls unless every endpoint has 0
 * @param state whether it takes new calls
 * @param startedAt when the server process started, milliseconds since the epoch; 0 where the record does not say
 * @param zone where it runs, or null
 * @param version what it runs, or null
 * @param metadata everything else that the record says, ordered by name; never null
 * @param key the name under which the registry holds it, opaque; empty when it comes from no registry
 * @param createRevision the registry's revision in which that key was created; 0 when there is none
 * @param overridden what it was registered with, where an operator overrides its weight or its state; null where nobody does
 */
public record Endpoint(
        String service,
        String host,
        int port,
        @Nullable String id,
        int weight,
        State state,
        long startedAt,
        @Nullable String zone,
        @Nullable String version,
        Map<String, String> metadata,
        String key,
        long createRevision,
        @Nullable Overridden overridden) {

    /** Weight of an endpoint whose record names none. */
    public static final int DEFAULT_WEIGHT = 1;

    /** Largest weight that is accepted. */
    public static final int MAX_WEIGHT = 1_000_000;

    /** Of two records of one server the greater one counts: the later process, else the newer key. */
    public static final Comparator<Endpoint> NEWEST_LAST =
            Comparator.comparingLong(Endpoint::startedAt).thenComparingLong(Endpoint::createRevision);

    /** Whether an endpoint takes new calls. */
    public enum State {
        /** Takes calls. */
        UP,
        /** Finishes what it has and is about to leave: takes no new calls while another endpoint can. */
        DRAINING,
        /**
         * An operator wants it to take no new calls, be it that nobody else is left. No server registers itself so. A call that is
         * bound to it by its server id goes there all the same.
         */
        DISABLED
    }

    /**
     * What an endpoint was registered with, before operators' overrides. Immutable.
     *
     * @param weight its weight
     * @param state its state
     * @param causes by whom what is overridden until when and why, a sentence each, for a person to read; the one that decides
     *     whether it takes calls first
     */
    public record Overridden(int weight, State state, List<String> causes) {

        public Overridden {
            causes = List.copyOf(causes);
        }
    }

    /**
     * Which server process an endpoint is.
     *
     * @param service the service's name
     * @param name the server's id, or its address where the record has no id
     * @param incarnation when it started, or the key's create revision where the record does not say
     */
    public record Identity(String service, String name, long incarnation) {}

    public Endpoint {
        requireText("service", service);
        requireText("host", host);
        if (port < 1 || port > 65535) {
            throw new IllegalValueException("port", port, "1 to 65535");
        }
        if (weight < 0 || weight > MAX_WEIGHT) {
            throw new IllegalValueException("weight", weight, "0 to " + MAX_WEIGHT);
        }
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(key, "key");
        metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
    }

    /** Starts an endpoint of weight 1 in state {@link State#UP}. */
    public static Builder builder(String service, String host, int port) {
        return new Builder(service, host, port);
    }

    /** Starts from a copy of this endpoint. */
    public Builder toBuilder() {
        Builder builder = new Builder(service, host, port);
        builder.id = id;
        builder.weight = weight;
        builder.state = state;
        builder.startedAt = startedAt;
        builder.zone = zone;
        builder.version = version;
        builder.metadata = metadata;
        builder.key = key;
        builder.createRevision = createRevision;
        builder.overridden = overridden;
        return builder;
    }

    /** Returns {@code host:port}, an IPv6 literal in brackets. */
    public String address() {
        return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
    }

    /** Returns the state that it is registered with, whatever operators override. */
    public State registeredState() {
        return overridden == null ? state : overridden.state();
    }

    /** Returns the weight that it is registered with, whatever operators override. */
    public int registeredWeight() {
        return overridden == null ? weight : overridden.weight();
    }

    /** Returns which server process this is. Allocates: keep the result where it is needed per call. */
    public Identity identity() {
        return new Identity(
                service, id != null ? id : address(), startedAt != 0 || id != null ? startedAt : createRevision);
    }

    private static void requireText(String name, String value) {
        if (value.isBlank()) {
            throw new IllegalValueException(name, value, "a text that is not blank");
        }
    }

    /** Builds an {@link Endpoint}. Not thread-safe. */
    public static final class Builder {

        private final String service;
        private String host;
        private final int port;
        private @Nullable String id;
        private int weight = DEFAULT_WEIGHT;
        private State state = State.UP;
        private long startedAt;
        private @Nullable String zone;
        private @Nullable String version;
        private Map<String, String> metadata = Map.of();
        private String key = "";
        private long createRevision;
        private @Nullable Overridden overridden;

        private Builder(String service, String host, int port) {
            this.service = service;
            this.host = host;
            this.port = port;
        }

        public Builder host(String host) {
            this.host = host;
            return this;
        }

        public Builder id(@Nullable String id) {
            this.id = id;
            return this;
        }

        public Builder weight(int weight) {
            this.weight = weight;
            return this;
        }

        public Builder state(State state) {
            this.state = state;
            return this;
        }

        public Builder startedAt(long startedAt) {
            this.startedAt = startedAt;
            return this;
        }

        public Builder zone(@Nullable String zone) {
            this.zone = zone;
            return this;
        }

        public Builder version(@Nullable String version) {
            this.version = version;
            return this;
        }

        public Builder metadata(Map<String, String> metadata) {
            this.metadata = metadata;
            return this;
        }

        public Builder key(String key) {
            this.key = key;
            return this;
        }

        public Builder createRevision(long createRevision) {
            this.createRevision = createRevision;
            return this;
        }

        public Builder overridden(@Nullable Overridden overridden) {
            this.overridden = overridden;
            return this;
        }

        /**
         * Builds the endpoint.
         *
         * @throws IllegalValueException if a component is out of its range
         */
        public Endpoint build() {
            return new Endpoint(
                    service,
                    host,
                    port,
                    id,
                    weight,
                    state,
                    startedAt,
                    zone,
                    version,
                    metadata,
                    key,
                    createRevision,
                    overridden);
        }
    }
}
