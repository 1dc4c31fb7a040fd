package io.github.grpclb.load;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** What the servers' own counts of calls were every ten seconds for the last minute. Confined to its owner's lock. */
final class CallShares {

    /** The last minute, and where it begins. */
    private static final int SAMPLES = 7;

    private final long[] takenAt = new long[SAMPLES];
    private Map<EndpointLoad, long[]> counts = new IdentityHashMap<>();
    private int samples;
    private int newest = -1;

    /** Takes the next sample. */
    void sample(List<EndpointLoad> loads, long nanoTime) {
        newest = (newest + 1) % SAMPLES;
        Map<EndpointLoad, long[]> next = new IdentityHashMap<>();
        for (EndpointLoad load : loads) {
            long count = callsOf(load);
            long[] before = counts.get(load);
            if (before != null || count > 0) {
                long[] ring = before != null ? before : new long[SAMPLES];
                ring[newest] = count;
                next.put(load, ring);
            }
        }
        counts = next;
        takenAt[newest] = nanoTime;
        samples = Math.min(SAMPLES, samples + 1);
    }

    /**
     * Returns how many calls there were in the last minute.
     *
     * @return by server those that had any
     */
    Observed read(List<EndpointLoad> loads, long nanoTime) {
        int oldest = samples < SAMPLES ? 0 : (newest + 1) % SAMPLES;
        Map<EndpointLoad, Long> calls = new IdentityHashMap<>();
        Map<String, Long> byService = new HashMap<>();
        for (EndpointLoad load : loads) {
            long[] ring = counts.get(load);
            long since = callsOf(load) - (ring == null ? 0 : ring[oldest]);
            if (since > 0) {
                calls.put(load, since);
                byService.merge(load.identity().service(), since, Long::sum);
            }
        }
        return new Observed(calls, byService, samples == 0 ? 0 : nanoTime - takenAt[oldest]);
    }

    private static long callsOf(EndpointLoad load) {
        return load.successes() + load.failures() + load.cancellations() + load.inFlight();
    }

    /**
     * What there was to be seen.
     *
     * @param calls of each server; none where there was no call
     * @param byService of all servers of a service
     * @param nanos in which time
     */
    record Observed(Map<EndpointLoad, Long> calls, Map<String, Long> byService, long nanos) {}
}
