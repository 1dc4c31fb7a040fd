package io.github.grpclb.balancer.explain;

import io.github.grpclb.discovery.Internal;
import java.util.List;
import java.util.stream.Collectors;

/** Says in one sentence why a server gets its calls, fewer or none. */
@Internal
public final class Why {

    private Why() {}

    /**
     * Makes the sentence.
     *
     * @param takesCalls whether it takes calls that ask for nothing
     */
    public static String of(boolean takesCalls, List<Verdict> verdicts) {
        List<Verdict> against =
                verdicts.stream().filter(each -> !takesCalls && !each.passes()).toList();
        List<Verdict> said = against.isEmpty() ? verdicts : against;
        String details = said.stream()
                .filter(each -> each.reason() != Reason.OK && each.detail() != null)
                .map(Verdict::detail)
                .collect(Collectors.joining("; "));
        return begin(takesCalls, verdicts) + (details.isEmpty() ? "" : ": " + details);
    }

    private static String begin(boolean takesCalls, List<Verdict> verdicts) {
        if (!takesCalls) {
            return verdicts.stream().allMatch(Verdict::passes) ? "gets no calls now" : "gets no calls";
        }
        boolean fewer = verdicts.stream()
                .anyMatch(each ->
                        each.passes() && (each.reason() == Reason.SLOW_START || each.reason() == Reason.OTHER_ZONE));
        return fewer ? "takes fewer calls than its weight says" : "takes its share of calls";
    }

    /** Returns a length of time as a person would say it. */
    public static String time(long nanos) {
        long millis = Math.max(0, nanos) / 1_000_000;
        if (millis < 1_000) {
            return millis + " ms";
        }
        long seconds = millis / 1_000;
        if (seconds < 120) {
            return seconds + " s";
        }
        long minutes = seconds / 60;
        return minutes < 120 ? minutes + " min" : minutes / 60 + " h";
    }
}
