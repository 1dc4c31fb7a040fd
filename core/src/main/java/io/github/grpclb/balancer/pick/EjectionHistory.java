package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.load.EndpointLoad;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What a channel remembers of its servers so as to eject outliers. It belongs to the channel and outlives lists, policies and idle
 * times. Confined to the channel's synchronization context.
 */
final class EjectionHistory {

    private final Map<EndpointLoad, Record> records = new HashMap<>();
    private List<Record> current = List.of();
    private boolean watching;
    private long sweptAt;

    /** What is remembered of one server. */
    static final class Record {

        private final EndpointLoad load;
        private String address = "";
        private long successesBefore;
        private long failuresBefore;

        /** How many calls succeeded in the last interval. */
        long successes;

        /** How many calls failed in the last interval. */
        long failures;

        /** How many times in a row it was ejected, less one for each interval in which it was not. */
        int ejections;

        boolean ejected;

        /** Until when, if it is ejected. */
        long ejectedUntil;

        private long failuresThen;
        private long callsThen;
        private long intervalThen;

        private boolean readmitted;
        private long readmittedAt;

        private Record(EndpointLoad load) {
            this.load = load;
            this.successesBefore = load.successes();
            this.failuresBefore = load.failures();
        }

        Record copy(EndpointLoad otherLoad) {
            Record copy = new Record(otherLoad);
            copy.address = address;
            copy.successesBefore = successesBefore;
            copy.failuresBefore = failuresBefore;
            copy.successes = successes;
            copy.failures = failures;
            copy.ejections = ejections;
            copy.ejected = ejected;
            copy.ejectedUntil = ejectedUntil;
            copy.failuresThen = failuresThen;
            copy.callsThen = callsThen;
            copy.intervalThen = intervalThen;
            copy.readmitted = readmitted;
            copy.readmittedAt = readmittedAt;
            return copy;
        }

        EndpointLoad load() {
            return load;
        }

        /** Returns where it is, for the log. */
        String address() {
            return address;
        }

        long volume() {
            return successes + failures;
        }

        double successRate() {
            return (double) successes / volume();
        }

        void eject(long until, long interval) {
            ejections++;
            ejected = true;
            ejectedUntil = until;
            failuresThen = failures;
            callsThen = volume();
            intervalThen = interval;
        }

        /** Returns why it is ejected, if it is. */
        Ejection ejection() {
            return new Ejection(failuresThen, callsThen, intervalThen, ejectedUntil);
        }

        /** Whether it came back from an ejection, and when. */
        boolean isReadmitted() {
            return readmitted && !ejected;
        }

        long readmittedAt() {
            return readmittedAt;
        }

        void readmit(long now) {
            ejected = false;
            readmitted = true;
            readmittedAt = now;
        }

        private void endInterval() {
            successes = load.successes() - successesBefore;
            failures = load.failures() - failuresBefore;
            successesBefore += successes;
            failuresBefore += failures;
        }
    }

    /**
     * Returns what remembers the same, and goes on apart from this.
     *
     * @param loadOf gives the load that stands for another
     */
    EjectionHistory copy(UnaryOperator<EndpointLoad> loadOf) {
        EjectionHistory copy = new EjectionHistory();
        records.forEach((load, record) -> {
            EndpointLoad other = loadOf.apply(load);
            copy.records.put(other, record.copy(other));
        });
        copy.current = current.stream()
                .map(record -> {
                    EndpointLoad other = loadOf.apply(record.load);
                    return copy.records.computeIfAbsent(other, missing -> record.copy(other));
                })
                .toList();
        copy.watching = watching;
        copy.sweptAt = sweptAt;
        return copy;
    }

    /** Takes a list, and counts the calls of those in it that are new from now on. */
    void follow(List<EndpointCandidate> known, long now) {
        if (!watching) {
            watching = true;
            sweptAt = now;
        }
        if (isCurrent(known)) {
            return;
        }
        current = known.stream().map(this::recordOf).toList();
    }

    /** Returns the records of the last list, in its order. */
    List<Record> current() {
        return current;
    }

    /** Says whether there was a list since it was last cleared. */
    boolean isWatching() {
        return watching;
    }

    /** Returns when the last interval ended. */
    long sweptAt() {
        return sweptAt;
    }

    /** Begins the next interval, and forgets servers that are in the list no more. */
    void endInterval(long now) {
        sweptAt = now;
        records.clear();
        for (Record each : current) {
            records.put(each.load, each);
            each.endInterval();
        }
    }

    boolean isEjected(EndpointLoad load) {
        Record found = records.get(load);
        return found != null && found.ejected;
    }

    /** Returns how long ago a server was first ready, or came back from its last ejection; 0 if it was never ready. */
    long age(EndpointLoad load, long now) {
        long age = load.nanosSinceReady(now);
        Record found = records.get(load);
        return found != null && found.readmitted ? Math.min(age, now - found.readmittedAt) : age;
    }

    /** Forgets everything. */
    void clear() {
        watching = false;
        current = List.of();
        records.clear();
    }

    private boolean isCurrent(List<EndpointCandidate> known) {
        if (known.size() != current.size()) {
            return false;
        }
        for (int i = 0; i < known.size(); i++) {
            if (known.get(i).load() != current.get(i).load) {
                return false;
            }
        }
        return true;
    }

    private Record recordOf(EndpointCandidate candidate) {
        Record found = records.computeIfAbsent(candidate.load(), Record::new);
        found.address = candidate.endpoint().address();
        return found;
    }
}
