package io.github.grpclb.policy.builtin;

import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** A service under calls at a steady rate with chance in their distances, in fake time. */
final class Simulation {

    /** How long a server takes for a call that comes in now; null for one that it never answers. */
    @FunctionalInterface
    interface Servers {
        Duration latency(int server, Duration now);
    }

    private final FakeClock clock;
    private final List<Candidate> servers;
    private final Policy.Picker picker;
    private final Servers behaviour;
    private final Random chance = new Random(11);
    private final long start;
    private int[] counts;
    private List<Long> latencies = new ArrayList<>();

    Simulation(FakeClock clock, List<Candidate> servers, Policy policy, Servers behaviour) {
        this.clock = clock;
        this.servers = servers;
        this.picker = policy.picker(servers, servers);
        this.behaviour = behaviour;
        this.start = clock.nanoTime();
        this.counts = new int[servers.size()];
    }

    /** Lets calls come in for a time; what was counted before is forgotten. */
    Simulation run(Duration time, int callsPerSecond) {
        counts = new int[servers.size()];
        latencies = new ArrayList<>();
        long end = clock.nanoTime() + time.toNanos();
        double meanGap = 1e9 / callsPerSecond;
        while (clock.nanoTime() < end) {
            call();
            clock.forward(Duration.ofNanos((long) (-Math.log(1 - chance.nextDouble()) * meanGap)));
        }
        return this;
    }

    int calls(int server) {
        return counts[server];
    }

    /** Returns the part of all calls that a server had. */
    double share(int server) {
        int sum = 0;
        for (int count : counts) {
            sum += count;
        }
        return (double) counts[server] / sum;
    }

    Duration percentile(int percent) {
        List<Long> sorted = new ArrayList<>(latencies);
        Collections.sort(sorted);
        return Duration.ofNanos(sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100)));
    }

    void call() {
        int server = servers.indexOf(picker.pick(FakeCall.PLAIN));
        counts[server]++;
        EndpointLoad load = servers.get(server).load();
        long sent = clock.nanoTime();
        load.started(sent);
        Duration latency = behaviour.latency(server, Duration.ofNanos(sent - start));
        if (latency != null) {
            latencies.add(latency.toNanos());
            clock.schedule(
                    () -> {
                        load.answered(sent, clock.nanoTime());
                        load.ended(CallOutcome.SUCCESS, true, sent, clock.nanoTime());
                    },
                    latency.toNanos(),
                    TimeUnit.NANOSECONDS);
        }
    }
}
