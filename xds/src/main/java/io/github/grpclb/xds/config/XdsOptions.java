package io.github.grpclb.xds.config;

import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import java.util.function.Function;

/**
 * What a control plane tells, and how much it takes. Immutable.
 *
 * @param settings of a service, by its name; says the same whenever it is asked
 * @param staleMax for how long servers that vanished together are still told of, not negative; 0 for no time
 * @param streams how many streams may be open at a time, from 1
 * @param limits of each stream
 */
public record XdsOptions(
        Function<String, ServiceSettings> settings, Duration staleMax, int streams, StreamLimits limits) {

    /** The defaults: round robin by weight, 30 minutes, 10 000 streams. */
    public static final XdsOptions DEFAULT =
            new XdsOptions(service -> ServiceSettings.DEFAULT, Duration.ofMinutes(30), 10_000, StreamLimits.DEFAULT);

    public XdsOptions {
        if (staleMax.isNegative()) {
            throw new IllegalValueException("staleMax", staleMax, "a duration that is not negative");
        }
        if (streams < 1) {
            throw new IllegalValueException("streams", streams, "at least 1");
        }
    }

    /** Returns the same with settings of its own for a service. */
    public XdsOptions withService(String service, ServiceSettings own) {
        return new XdsOptions(name -> name.equals(service) ? own : settings.apply(name), staleMax, streams, limits);
    }
}
