package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.Records;
import io.github.grpclb.autoconfigure.properties.RelaxedNames;
import io.github.grpclb.client.ClientSettings;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.PolicyTable;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What is configured for each client, by the name that the application gives it. Thread-safe. */
final class ConfiguredClients implements Function<String, ClientSettings> {

    private static final ClientProperties NOTHING_SET = Records.empty(ClientProperties.class);

    private final GrpcLbProperties properties;
    private final ClientProperties allClients;
    private final PolicyTable policies;
    private final StaticEndpoints staticEndpoints;
    private final ClientServices services;
    private final ClientZones zones;

    /**
     * Checks all that is configured.
     *
     * @param allClients what holds for all clients
     * @param policies those that a client may use
     * @param zones those of clients that are not told theirs
     * @throws InvalidPropertyException if something would not work
     */
    ConfiguredClients(
            GrpcLbProperties properties, ClientProperties allClients, PolicyTable policies, ClientZones zones) {
        this.properties = properties;
        this.allClients = allClients;
        this.policies = policies;
        this.zones = zones;
        this.staticEndpoints = new StaticEndpoints(properties.staticEndpoints());
        this.services = new ClientServices(properties);
        services.requireValid();
        configOf("").requireValid();
        properties.clients().keySet().forEach(name -> configOf(name).requireValid());
    }

    @Override
    public ClientSettings apply(String client) {
        ClientServiceConfig config = configOf(client);
        List<Endpoint> fixed = staticEndpoints.of(client, services.of(client)).orElse(List.of());
        int least = config.minReadyEndpoints();
        // more than there are would keep the application from ever being ready
        int ready = fixed.isEmpty() ? least : Math.min(least, fixed.size());
        return new ClientSettings(config.balancer(), config.initialWait(), fixed, ready);
    }

    /** Returns the options of a policy, be it in use or not; null stands for a client that nobody named. */
    Map<String, ?> policyOptions(@Nullable String client, String policy) {
        return configOf(client == null ? "" : client).policyOptions(policy);
    }

    private ClientServiceConfig configOf(String name) {
        ClientProperties own = zones.fillIn(client(name), allClients);
        return new ClientServiceConfig("grpc.lb.clients." + name + ".", own, allClients, policies);
    }

    private ClientProperties client(String name) {
        return RelaxedNames.find("grpc.lb.clients.", properties.clients(), name)
                .map(properties.clients()::get)
                .orElse(NOTHING_SET);
    }
}
