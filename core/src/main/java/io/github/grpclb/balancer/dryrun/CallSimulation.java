package io.github.grpclb.balancer.dryrun;

import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import java.util.function.DoubleSupplier;

/**
 * Plays calls in virtual time: they arrive at random distances, each occupies its server for a time, and ends well. So a policy that
 * follows what servers have to do sees as much as it would see of real calls. Not thread-safe.
 */
final class CallSimulation {

    private static final double NANOS = 1e9;

    /** An hour: what is rarer than that finds every server idle in any case. */
    private static final double LONGEST_GAP = 3600 * NANOS;

    private final VirtualClock clock;
    private final DoubleSupplier chance;

    /**
     * Creates a simulation in which nothing has happened yet.
     *
     * @param chance gives a number from 0 to below 1
     */
    CallSimulation(VirtualClock clock, DoubleSupplier chance) {
        this.clock = clock;
        this.chance = chance;
    }

    /**
     * Lets calls arrive, independently of each other (a Poisson process), and time pass between them.
     *
     * @param perSecond on average; above 0
     * @param call what becomes of one
     */
    void arrive(int calls, double perSecond, Runnable call) {
        for (int i = 0; i < calls; i++) {
            double gap = -Math.log(1 - chance.getAsDouble()) * NANOS / perSecond;
            clock.forward((long) Math.min(gap, LONGEST_GAP));
            call.run();
        }
    }

    /** Sends a call to a server now, which answers it after a time. */
    void occupy(EndpointLoad load, long nanos) {
        send(load, clock.getAsLong(), nanos);
    }

    /** Puts calls on a server that have been under way for different parts of their time. */
    void alreadyOccupy(EndpointLoad load, int calls, long nanos) {
        for (int i = 0; i < calls; i++) {
            send(load, clock.getAsLong() - (long) (nanos * (calls - i - 0.5) / calls), nanos);
        }
    }

    private void send(EndpointLoad load, long sent, long nanos) {
        load.started(sent);
        clock.at(sent + nanos, () -> load.ended(CallOutcome.SUCCESS, false, sent, clock.getAsLong()));
    }
}
