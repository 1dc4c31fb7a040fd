package io.github.grpclb.xds.config;

import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a control plane tells, and how much it takes. Immutable.
 *
 * @param settings of a service, by its name; says the same whenever it is asked
 * @param staleMax for how long servers that vanished together are still told of, not negative; 0 for no time
 * @param streams how many streams of discovery may be open at a time, from 1; and how many of load reports
 * @param limits of each stream
 * @param loadReportInterval how often clients report the calls they made, 1 second to 1 hour; null for never
 */
public record XdsOptions(
        Function<String, ServiceSettings> settings,
        Duration staleMax,
        int streams,
        StreamLimits limits,
        @Nullable Duration loadReportInterval) {

    private static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(1);

    private static final Duration LONGEST_INTERVAL = Duration.ofHours(1);

    /** The defaults: round robin by weight, 30 minutes, 10 000 streams, no load reports. */
    public static final XdsOptions DEFAULT = new XdsOptions(
            service -> ServiceSettings.DEFAULT, Duration.ofMinutes(30), 10_000, StreamLimits.DEFAULT, null);

    public XdsOptions {
        if (staleMax.isNegative()) {
            throw new IllegalValueException("staleMax", staleMax, "a duration that is not negative");
        }
        if (streams < 1) {
            throw new IllegalValueException("streams", streams, "at least 1");
        }
        if (loadReportInterval != null
                && (loadReportInterval.compareTo(SHORTEST_INTERVAL) < 0
                        || loadReportInterval.compareTo(LONGEST_INTERVAL) > 0)) {
            throw new IllegalValueException(
                    "loadReportInterval", loadReportInterval, SHORTEST_INTERVAL + " to " + LONGEST_INTERVAL);
        }
    }

    /** Returns the same with settings of its own for a service. */
    public XdsOptions withService(String service, ServiceSettings own) {
        return new XdsOptions(
                name -> name.equals(service) ? own : settings.apply(name),
                staleMax,
                streams,
                limits,
                loadReportInterval);
    }

    /** Returns the same with clients that report their calls so often. */
    public XdsOptions withLoadReports(Duration interval) {
        return new XdsOptions(settings, staleMax, streams, limits, interval);
    }
}
