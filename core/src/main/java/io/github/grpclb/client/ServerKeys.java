package io.github.grpclb.client;

import io.github.grpclb.balancer.connection.ChosenServer;
import io.github.grpclb.discovery.Internal;
import java.util.function.BiConsumer;

/**
 * What is said of a call's server, on spans and in logs. Never on meters: the values are as many as there are servers.
 */
@Internal
public final class ServerKeys {

    /** The server's address, host:port. */
    public static final String ENDPOINT = "grpc.lb.endpoint";

    /** The server's id; absent where it has none. */
    public static final String ENDPOINT_ID = "grpc.lb.endpoint.id";

    /** The server's zone; absent where it has none. */
    public static final String ZONE = "grpc.lb.zone";

    /** The name of the policy that picked the server. */
    public static final String POLICY = "grpc.lb.policy";

    /** Which attempt of the call went there; 1 unless it was retried or hedged. */
    public static final String ATTEMPT = "grpc.lb.attempt";

    private ServerKeys() {}

    /** Hands over what there is to say of an attempt. */
    public static void tell(ChosenServer.Attempt attempt, BiConsumer<String, String> keyAndValue) {
        keyAndValue.accept(ENDPOINT, attempt.endpoint().address());
        String id = attempt.endpoint().id();
        if (id != null) {
            keyAndValue.accept(ENDPOINT_ID, id);
        }
        String zone = attempt.endpoint().zone();
        if (zone != null) {
            keyAndValue.accept(ZONE, zone);
        }
        keyAndValue.accept(POLICY, attempt.policy());
        keyAndValue.accept(ATTEMPT, Integer.toString(attempt.number()));
    }
}
