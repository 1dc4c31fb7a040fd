package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.ClientProperties.PolicyOptions;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.OwnOverAll;
import io.github.grpclb.autoconfigure.properties.RecordJson;
import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.resolver.InitialWait;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The configuration of a client's balancer, as it would stand in the JSON of a service config, made out of the client's properties.
 *
 * @param prefix where the client's own properties stand, such as {@code grpc.lb.clients.greeter.}
 * @param own the client's own properties
 * @param all those of all clients
 * @param policies those that the client may use
 */
record ClientServiceConfig(String prefix, ClientProperties own, ClientProperties all, PolicyTable policies) {

    private static final String PREFIX_OF_ALL = "grpc.lb.";

    /** The components that hold a policy's options, by its name. */
    private static final Map<String, String> OPTIONS = Stream.of(ClientProperties.class.getRecordComponents())
            .filter(component -> PolicyOptions.class.isAssignableFrom(component.getType()))
            .map(RecordComponent::getName)
            .collect(Collectors.toUnmodifiableMap(ClientServiceConfig::policyOf, name -> name));

    private static final Map<String, String> OPTION_PROPERTIES = OPTIONS.entrySet().stream()
            .collect(Collectors.toUnmodifiableMap(
                    Map.Entry::getKey, option -> RecordJson.propertyName(option.getValue())));

    /**
     * Checks names, ranges and everything else.
     *
     * @throws InvalidPropertyException if the balancer would refuse something
     */
    void requireValid() {
        ClientProperties client = own.over(all);
        String policy = policy(client);
        if (!policies.names().contains(policy)) {
            throw new InvalidPropertyException(
                    property("policy"),
                    policy,
                    "one of " + String.join(", ", policies.names()),
                    "Choose one of these, or define a bean of type " + Policy.class.getName() + " whose name() is \""
                            + policy + "\".");
        }
        if (client.subsetSize() != null && client.subsetSize() < 1) {
            throw new InvalidPropertyException(
                    property("subsetSize"),
                    client.subsetSize(),
                    "1 or more",
                    "Set how many servers a client connects to, or leave it out for all.");
        }
        requireValidMinReady(client);
        written().requireValid(OPTION_PROPERTIES);
        try {
            balancer();
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, property(e.name()));
        }
        Set<String> set = RecordJson.of(client).keySet();
        Stream<String> written = OPTIONS.keySet().stream().filter(each -> set.contains(OPTIONS.get(each)));
        Stream.concat(written, Stream.of(policy)).distinct().forEach(each -> requireValidOptions(each, client));
        initialWait();
    }

    /** What can never be would keep the application from ever being ready. */
    private void requireValidMinReady(ClientProperties client) {
        int least = minReadyEndpoints();
        Integer subset = client.subsetSize();
        if (least < 0 || subset != null && least > subset) {
            throw new InvalidPropertyException(
                    property("minReadyEndpoints"),
                    least,
                    subset == null ? "0 or more" : "0 to " + property("subsetSize") + ", which is " + subset,
                    "Set how many servers the client needs to begin with; 0 needs none.");
        }
    }

    /** Returns how many servers the client needs to begin with. */
    int minReadyEndpoints() {
        Integer least = own.over(all).minReadyEndpoints();
        return least == null ? 0 : least;
    }

    /** Checks those of policies that are not in use, too: a mistake shows when it is made, and not when the policy changes. */
    private void requireValidOptions(String policy, ClientProperties client) {
        try {
            policies.create(policy, options(policy, client));
        } catch (IllegalValueException e) {
            String block = OPTIONS.get(policy);
            throw InvalidPropertyException.of(
                    e, block == null ? written().property(policy, e.name()) : property(block + "." + e.name()));
        }
    }

    /**
     * Returns how long calls wait for a first server.
     *
     * @throws InvalidPropertyException if that is out of its range
     */
    Duration initialWait() {
        Duration set = own.over(all).initialWait();
        try {
            Duration wait = set != null ? set : InitialWait.DEFAULT;
            InitialWait.requireInRange(wait);
            return wait;
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, property(e.name()));
        }
    }

    /** Returns the balancer's configuration. */
    LbConfig balancer() {
        return LbConfig.parse(toJson());
    }

    /** Returns the balancer's configuration in its JSON form. */
    Map<String, ?> toJson() {
        return balancer(own.over(all));
    }

    /** Returns the options of a policy, be it in use or not. */
    Map<String, ?> policyOptions(String policy) {
        return options(policy, own.over(all));
    }

    private static String policy(ClientProperties client) {
        return client.policy() != null ? client.policy() : LbConfig.DEFAULT.policy();
    }

    private static String policyOf(String component) {
        return RecordJson.propertyName(component).replace('-', '_');
    }

    private Map<String, ?> options(String policy, ClientProperties client) {
        String block = OPTIONS.get(policy);
        if (block == null) {
            return written().of(policy);
        }
        Object options = RecordJson.of(client).get(block);
        return options instanceof Map<?, ?> map ? stringKeys(map) : Map.of();
    }

    private WrittenOptions written() {
        return new WrittenOptions(policies, prefix, own.policyOptions(), PREFIX_OF_ALL, all.policyOptions());
    }

    private Map<String, ?> balancer(ClientProperties client) {
        Map<String, Object> config = new HashMap<>();
        config.putAll(RecordJson.withoutSwitches(RecordJson.of(client)));
        config.keySet().removeAll(OPTIONS.values());
        config.keySet().removeAll(List.of("service", "initialWait", "minReadyEndpoints", "policyOptions"));
        String policy = policy(client);
        config.put("policy", policy);
        config.put("options", options(policy, client));
        return config;
    }

    @SuppressWarnings("unchecked") // RecordJson makes no others
    private static Map<String, ?> stringKeys(Map<?, ?> map) {
        return (Map<String, ?>) map;
    }

    private String property(String jsonPath) {
        return new OwnOverAll(prefix, own, PREFIX_OF_ALL, all).property(jsonPath);
    }
}
