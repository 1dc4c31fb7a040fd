package io.github.grpclb.balancer.dryrun;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.load.EndpointLoad;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;

/**
 * What a channel's servers have to do, as far as the process has seen: how long each takes for a call, how many it has, and how many calls
 * there are. Read once; what is read stays as it was.
 */
final class Traffic {

    /** Where nothing is known: 100 calls a second, of 10 ms each. */
    static final double DEFAULT_RATE = 100;

    static final long DEFAULT_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** With fewer calls under way their number says little of how many there are. */
    private static final int ENOUGH_UNDER_WAY = 10;

    /** As many calls that are under way are gone on with. */
    private static final int MOST_UNDER_WAY = 100_000;

    private static final double NANOS = 1e9;

    private final Map<EndpointLoad, OfServer> servers = new IdentityHashMap<>();
    private final double callsPerSecond;
    private final String says;

    /**
     * What one server has to do.
     *
     * @param load as it was read, without the calls that have no answer yet
     * @param waiting how many these are
     * @param nanos how long it takes for a call
     */
    record OfServer(EndpointLoad load, int waiting, long nanos) {}

    private Traffic(Map<EndpointLoad, OfServer> servers, double callsPerSecond, String from) {
        this.servers.putAll(servers);
        this.callsPerSecond = callsPerSecond;
        this.says = String.format(Locale.ROOT, "load: %s calls/s %s, %s", number(callsPerSecond), from, times(servers));
    }

    /**
     * Reads it.
     *
     * @param given how many calls there are in a second; empty for as many as there are
     */
    static Traffic of(List<EndpointCandidate> known, long nanoTime, OptionalDouble given) {
        Map<EndpointLoad, OfServer> servers = new IdentityHashMap<>();
        long otherwise = meanNanos(known);
        int left = MOST_UNDER_WAY;
        double underWay = 0;
        double fromUnderWay = 0;
        double fromEnded = 0;
        for (EndpointCandidate candidate : known) {
            EndpointLoad real = candidate.load();
            if (servers.containsKey(real)) {
                continue;
            }
            EndpointLoad load = real.copyWithoutWaiting();
            int waiting = Math.min(left, real.waiting());
            long nanos = nanos(real, nanoTime, otherwise);
            servers.put(real, new OfServer(load, waiting, nanos));
            left -= waiting;
            underWay += waiting;
            fromUnderWay += waiting * NANOS / nanos;
            double seconds = load.nanosSinceReady(nanoTime) / NANOS;
            if (seconds >= 1) {
                fromEnded += (load.successes() + load.failures() + load.cancellations()) / seconds;
            }
        }
        if (given.isPresent()) {
            return new Traffic(servers, given.getAsDouble(), "as asked");
        }
        if (underWay >= ENOUGH_UNDER_WAY) {
            return new Traffic(servers, fromUnderWay, "by the calls under way");
        }
        return fromEnded > 0
                ? new Traffic(servers, fromEnded, "on average since the servers are connected")
                : new Traffic(servers, DEFAULT_RATE, "assumed, none was seen yet");
    }

    OfServer of(EndpointLoad real) {
        OfServer found = servers.get(real);
        return found != null ? found : new OfServer(real.copyWithoutWaiting(), 0, DEFAULT_NANOS);
    }

    double callsPerSecond() {
        return callsPerSecond;
    }

    /** Says how many calls there are and what they take, in words. */
    String says() {
        return says;
    }

    /** Calls that wait for longer than any took so far take longer: on average they are half done. */
    private static long nanos(EndpointLoad load, long nanoTime, long otherwise) {
        long known = latency(load);
        long wait = load.meanWaitNanos(nanoTime);
        return wait > (known > 0 ? known : otherwise) ? 2 * wait : known > 0 ? known : otherwise;
    }

    /** As of its last call, since it is not faster by having none. */
    private static long latency(EndpointLoad load) {
        return Math.round(load.latency(EndpointLoad.DEFAULT_DECAY).latest());
    }

    private static long meanNanos(List<EndpointCandidate> known) {
        return (long) known.stream()
                .mapToLong(candidate -> latency(candidate.load()))
                .filter(nanos -> nanos > 0)
                .average()
                .orElse(DEFAULT_NANOS);
    }

    private static String times(Map<EndpointLoad, OfServer> servers) {
        long least = Long.MAX_VALUE;
        long most = 0;
        for (OfServer server : servers.values()) {
            least = Math.min(least, server.nanos);
            most = Math.max(most, server.nanos);
        }
        String time = number(most / 1e6) + " ms each";
        return least >= most ? time : number(least / 1e6) + " to " + time;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value >= 10 ? "%.0f" : value >= 1 ? "%.1f" : "%.3f", value);
    }
}
