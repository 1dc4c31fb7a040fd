package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.discovery.follow.RegistryLoop;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How this process gets on with the API server. That it is away is said in the log without a storm: one WARN when it is lost, one each 30
 * s while it is away, one INFO when it is back. Written by the loop's thread; read by any.
 */
final class ApiStatus implements RegistryStatus {

    private static final Logger log = LoggerFactory.getLogger(ApiStatus.class);
    private static final Duration REMINDER = Duration.ofSeconds(30);

    private final RegistryLoop loop;
    private final URI apiServer;

    /** What is refused, by the service that asks for it. */
    private final Map<String, String> refusals = new ConcurrentSkipListMap<>();

    private volatile @Nullable String away;
    private volatile @Nullable Long answeredAt;
    private long awaySince;
    private boolean said;

    ApiStatus(RegistryLoop loop, URI apiServer) {
        this.loop = loop;
        this.apiServer = apiServer;
    }

    @Override
    public String name() {
        return "kubernetes";
    }

    @Override
    public @Nullable String unreachableBecause() {
        return away;
    }

    @Override
    public @Nullable String refusedBecause() {
        return refusals.values().stream().findFirst().orElse(null);
    }

    @Override
    public @Nullable Duration sinceLastAnswer() {
        Long then = answeredAt;
        return then == null ? null : loop.since(then);
    }

    /** The API server answered, be it with an error. */
    void answered() {
        answeredAt = loop.now();
        if (away != null) {
            away = null;
            if (said) {
                said = false;
                log.info(
                        "Kubernetes' API server is back after {} s ({})",
                        loop.since(awaySince).toSeconds(),
                        apiServer);
            }
        }
    }

    /** What a service asked for was given. */
    void allowed(String service) {
        answered();
        refusals.remove(service);
    }

    /** A service's request came to nothing. */
    void failed(String service, ApiFailure failure) {
        if (!failure.isSilence()) {
            answered();
            if (failure.needsAPerson()) {
                refusals.put(service, failure.message());
            }
            return;
        }
        if (away == null) {
            awaySince = loop.now();
        }
        away = failure.message();
        if (loop.logLimit().isDue(ApiStatus.class, apiServer, REMINDER)) {
            said = true;
            log.warn(
                    "{} ({}; away for {} s; what is known stays in use)",
                    failure.message(),
                    apiServer,
                    loop.since(awaySince).toSeconds());
        }
    }

    /** Nothing is asked for a service any more. */
    void forgotten(String service) {
        refusals.remove(service);
    }
}
