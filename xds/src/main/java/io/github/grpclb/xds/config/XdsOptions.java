package io.github.grpclb.xds.config;

import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * What a control plane tells, and how much it takes. Immutable.
 *
 * @param settings of services without settings of their own
 * @param services settings by the name of the service
 * @param staleMax for how long servers that vanished together are still told of, not negative; 0 for no time
 * @param streams how many streams may be open at a time, from 1
 * @param limits of each stream
 */
public record XdsOptions(
        ServiceSettings settings,
        Map<String, ServiceSettings> services,
        Duration staleMax,
        int streams,
        StreamLimits limits) {

    /** The defaults: round robin by weight, 30 minutes, 10 000 streams. */
    public static final XdsOptions DEFAULT =
            new XdsOptions(ServiceSettings.DEFAULT, Map.of(), Duration.ofMinutes(30), 10_000, StreamLimits.DEFAULT);

    public XdsOptions {
        services = Map.copyOf(services);
        if (staleMax.isNegative()) {
            throw new IllegalValueException("staleMax", staleMax, "a duration that is not negative");
        }
        if (streams < 1) {
            throw new IllegalValueException("streams", streams, "at least 1");
        }
    }

    /** Returns the settings of a service. */
    public ServiceSettings settingsOf(String service) {
        return services.getOrDefault(service, settings);
    }

    /** Returns the same with settings of its own for a service. */
    public XdsOptions withService(String service, ServiceSettings own) {
        Map<String, ServiceSettings> all = new HashMap<>(services);
        all.put(service, own);
        return new XdsOptions(settings, all, staleMax, streams, limits);
    }
}
