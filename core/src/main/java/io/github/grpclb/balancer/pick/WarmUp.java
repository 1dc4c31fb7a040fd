package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.SlowStart;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives new servers less than their share of calls, by the law of {@link SlowStart} and under every policy. A policy that follows
 * weights is given smaller ones. From another one it takes a pick of a new server with the probability of that server's share, and
 * else asks again: so the others keep among themselves what the policy gives them.
 *
 * <p>A server's age is the time since this process first saw its connection ready, or since its last ejection ended. Its published
 * start cannot make it younger, since a server cannot be observed before it starts, unless a clock is wrong; so no clock but this process's own
 * has a say; one that is connected to for the sake of a call, outside of a channel's subset, is not new by that. Shares are
 * relative to that of the oldest server, so a fleet that is new as a whole is not slowed.
 */
final class WarmUp implements Timed, PolicyPicker.PickerMaker {

    /** As many picks are asked for before one is taken as it comes: by then the policy has no other. */
    private static final int PICKS = 64;

    private static final long SHORTEST_PERIOD = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LONGEST_PERIOD = TimeUnit.SECONDS.toNanos(1);

    private final SlowStart config;
    private final EjectionHistory ejections;
    private final LongSupplier nanoTime;
    private final DoubleSupplier chance;
    private final long period;
    private boolean warming;
    private long made;

    /**
     * Creates it.
     *
     * @param ejections knows when an ejection ended
     * @param chance gives a number from 0 to below 1; thread-safe
     */
    WarmUp(SlowStart config, EjectionHistory ejections, LongSupplier nanoTime, DoubleSupplier chance) {
        this.config = config;
        this.ejections = ejections;
        this.nanoTime = nanoTime;
        this.chance = chance;
        this.period = Math.max(
                SHORTEST_PERIOD, Math.min(LONGEST_PERIOD, config.window().toNanos() / 100));
    }

    @Override
    public long due() {
        return warming ? Math.max(0, made + period - nanoTime.getAsLong()) : NEVER;
    }

    /** Makes the next pickers with new shares. */
    @Override
    public boolean elapse() {
        if (due() > 0) {
            return false;
        }
        warming = false;
        return true;
    }

    @Override
    public Policy.Picker picker(Policy policy, List<EndpointCandidate> known, List<EndpointCandidate> ready) {
        made = nanoTime.getAsLong();
        double oldest = 0;
        boolean anyNew = false;
        for (EndpointCandidate candidate : ready) {
            if (candidate.isMember()) {
                double share = share(candidate);
                oldest = Math.max(oldest, share);
                anyNew |= share < 1;
            }
        }
        if (!anyNew) {
            return PLAIN.picker(policy, known, ready);
        }
        warming = true;
        return policy.followsWeights()
                ? slowedByWeight(policy, known, ready, oldest)
                : slowedByChance(policy, known, ready, oldest);
    }

    /** Says which servers were new when a picker was last made; null where none was, or all were as new as each other. */
    @Nullable
    String says(List<EndpointCandidate> ready) {
        List<EndpointCandidate> members = Pool.filter(ready, EndpointCandidate::isMember);
        double oldest = members.stream().mapToDouble(this::share).max().orElse(1);
        List<String> slowed = members.stream()
                .filter(candidate -> share(candidate) < oldest)
                .map(candidate ->
                        candidate.endpoint().address() + " has " + Passage.percent(share(candidate) / oldest * 100))
                .toList();
        return slowed.isEmpty() ? null : "slow start: " + Passage.some(slowed) + " of its share";
    }

    private Policy.Picker slowedByWeight(
            Policy policy, List<EndpointCandidate> known, List<EndpointCandidate> ready, double oldest) {
        Map<EndpointCandidate, EndpointCandidate> slowed = new IdentityHashMap<>();
        return PLAIN.picker(policy, slowed(known, oldest, slowed), slowed(ready, oldest, slowed));
    }

    /** Returns the same candidate for the same one, in both lists. */
    private List<EndpointCandidate> slowed(
            List<EndpointCandidate> candidates, double oldest, Map<EndpointCandidate, EndpointCandidate> slowed) {
        List<EndpointCandidate> result = new ArrayList<>(candidates.size());
        for (EndpointCandidate candidate : candidates) {
            double share = candidate.isMember() ? Math.min(1, share(candidate) / oldest) : 1;
            result.add(
                    share == 1
                            ? candidate
                            : slowed.computeIfAbsent(candidate, one -> one.withWeight(one.weight() * share)));
        }
        return result;
    }

    private Policy.Picker slowedByChance(
            Policy policy, List<EndpointCandidate> known, List<EndpointCandidate> ready, double oldest) {
        Map<Candidate, Double> shares = new IdentityHashMap<>();
        for (EndpointCandidate candidate : ready) {
            double share = candidate.isMember() ? share(candidate) / oldest : 1;
            if (share < 1) {
                shares.put(candidate, share);
            }
        }
        return new ChancePicker(PLAIN.picker(policy, known, ready), Collections.unmodifiableMap(shares), chance);
    }

    /**
     * Returns the shares of servers that take calls together. For any thread.
     *
     * @param readmissions when servers came back from an ejection
     */
    double[] shares(List<EndpointCandidate> ready, Map<Endpoint.Identity, Long> readmissions) {
        long now = nanoTime.getAsLong();
        double[] shares = new double[ready.size()];
        double oldest = 0;
        for (int i = 0; i < shares.length; i++) {
            EndpointCandidate candidate = ready.get(i);
            if (candidate.isMember()) {
                shares[i] = shareAt(age(candidate, readmissions, now));
                oldest = Math.max(oldest, shares[i]);
            }
        }
        for (int i = 0; i < shares.length; i++) {
            shares[i] = ready.get(i).isMember() && oldest > 0 ? Math.min(1, shares[i] / oldest) : 1;
        }
        return shares;
    }

    /** Returns for how long a server will still be new, in nanoseconds; 0 where it is not. For any thread. */
    long left(EndpointCandidate candidate, Map<Endpoint.Identity, Long> readmissions) {
        return Math.max(0, config.window().toNanos() - age(candidate, readmissions, nanoTime.getAsLong()));
    }

    private static long age(EndpointCandidate candidate, Map<Endpoint.Identity, Long> readmissions, long now) {
        long age = candidate.load().nanosSinceReady(now);
        Long readmitted = readmissions.isEmpty()
                ? null
                : readmissions.get(candidate.load().identity());
        return readmitted == null ? age : Math.min(age, now - readmitted);
    }

    /** Returns the share in whole per cent, so that weights keep a common divisor; 1 for a server that is not new. */
    private double share(EndpointCandidate candidate) {
        return shareAt(ejections.age(candidate.load(), made));
    }

    private double shareAt(long age) {
        return age >= config.window().toNanos() ? 1 : Math.ceil(config.shareAt(age) * 100) / 100;
    }

    /** Takes a pick of a new server only sometimes. Thread-safe. */
    private record ChancePicker(Policy.Picker picker, Map<Candidate, Double> shares, DoubleSupplier chance)
            implements Policy.Picker {

        @Override
        public @Nullable Candidate pick(PickSubchannelArgs call) {
            Candidate candidate = picker.pick(call);
            for (int asked = 1; asked < PICKS && isRefused(candidate); asked++) {
                candidate = picker.pick(call);
            }
            return candidate;
        }

        private boolean isRefused(@Nullable Candidate candidate) {
            Double share = shares.get(candidate);
            return share != null && chance.getAsDouble() >= share;
        }

        @Override
        public String reason(PickSubchannelArgs call) {
            return picker.reason(call);
        }
    }
}
