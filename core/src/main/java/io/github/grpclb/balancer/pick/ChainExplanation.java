package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.Since;
import io.github.grpclb.balancer.explain.Reason;
import io.github.grpclb.balancer.explain.Verdict;
import io.github.grpclb.balancer.explain.WeightChain;
import io.github.grpclb.balancer.explain.Why;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.builtin.Policies;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the steps and the policy of a channel make of its servers, for calls that ask for nothing. Where each server stands is worked out
 * once; what is said of it only for those that are asked for. Not thread-safe; short-lived.
 */
@Internal
public final class ChainExplanation {

    /**
     * What else holds for all servers.
     *
     * @param healthChecked whether they are asked for their health
     * @param subsetSize how many are connected to; 0 for all
     */
    record Setting(boolean healthChecked, int subsetSize) {}

    private final List<EndpointCandidate> known;
    private final List<Judge> judges;
    private final Policy policy;
    private final @Nullable WarmUp warmUp;
    private final Map<Endpoint.Identity, Long> readmissions;
    private final long now;
    private final Setting setting;
    private final BitSet taking = new BitSet();
    private final double[] slowStart;
    private final double @Nullable [] expected;

    ChainExplanation(
            List<EndpointCandidate> known,
            List<Way> ways,
            List<Judge> judges,
            Function<Pool, List<EndpointCandidate>> takers,
            Policy policy,
            @Nullable WarmUp warmUp,
            Map<Endpoint.Identity, Long> readmissions,
            long now,
            Setting setting) {
        this.known = known;
        this.judges = judges;
        this.policy = policy;
        this.warmUp = warmUp;
        this.readmissions = readmissions;
        this.now = now;
        this.setting = setting;
        this.slowStart = new double[known.size()];
        Arrays.fill(slowStart, 1);
        boolean isKnown =
                policy.followsWeights() ? !Policies.looksFurther(policy.name()) : Policies.isEven(policy.name());
        this.expected = isKnown ? new double[known.size()] : null;
        for (Way way : ways) {
            go(way, takers.apply(way.pool()));
        }
    }

    private void go(Way way, List<EndpointCandidate> takers) {
        double[] shares = warmUp == null ? null : warmUp.shares(takers, readmissions);
        double[] weights = new double[takers.size()];
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            double weight = policy.followsWeights() ? takers.get(i).weight() : 1;
            weights[i] = shares == null ? weight : weight * shares[i];
            sum += weights[i];
        }
        int next = 0;
        for (int i = 0; i < known.size() && next < weights.length; i++) {
            // in the same order; a step may have made another candidate of it, with the same connection
            if (known.get(i).connection() == takers.get(next).connection()) {
                taking.set(i);
                if (shares != null) {
                    slowStart[i] = Math.min(slowStart[i], shares[next]);
                }
                if (expected != null && sum > 0) {
                    expected[i] += way.share() * weights[next] / sum;
                }
                next++;
            }
        }
    }

    /** Says whether a server takes calls that ask for nothing. */
    public boolean takesCalls(int server) {
        return taking.get(server);
    }

    /** Returns the part of the calls that a server should get, 0 to 1; null where that follows from more than weights. */
    public @Nullable Double expected(int server) {
        if (!taking.get(server)) {
            return 0.0;
        }
        return expected == null ? null : expected[server];
    }

    /** Returns how a server's weight comes about. */
    public WeightChain weight(int server) {
        Endpoint endpoint = known.get(server).endpoint();
        Endpoint.Overridden registered = endpoint.overridden();
        boolean isOverridden = registered != null && registered.weight() != endpoint.weight();
        // a reported weight goes here, once there is one
        return WeightChain.of(
                registered == null ? endpoint.weight() : registered.weight(),
                isOverridden ? (double) endpoint.weight() : null,
                slowStart[server] < 1 ? slowStart[server] : null,
                null);
    }

    /** Returns what each step says of a server, in their order. */
    public List<Verdict> verdicts(int server) {
        EndpointCandidate candidate = known.get(server);
        List<Verdict> verdicts = new ArrayList<>();
        verdicts.add(drain(candidate, server));
        Endpoint.Overridden overridden = candidate.endpoint().overridden();
        if (overridden != null) {
            verdicts.add(override(candidate, overridden));
        }
        verdicts.add(weightVerdict(candidate, server));
        verdicts.add(connection(candidate));
        if (setting.healthChecked || candidate.isUnhealthy()) {
            verdicts.add(health(candidate));
        }
        judges.forEach(judge -> verdicts.add(judge.verdict(candidate)));
        if (candidate.place() != null) {
            verdicts.add(subset(candidate, server));
        }
        verdicts.add(registry(candidate));
        if (warmUp != null) {
            verdicts.add(slowStart(warmUp, candidate, server));
        }
        return verdicts;
    }

    private Verdict drain(EndpointCandidate candidate, int server) {
        if (!candidate.isDraining()) {
            return Verdict.ok(Verdict.DRAIN);
        }
        boolean takes = taking.get(server);
        return new Verdict(
                Verdict.DRAIN,
                takes,
                Reason.DRAINING,
                takes ? "draining, and so are all others" : "draining: others take the new calls");
    }

    private static Verdict override(EndpointCandidate candidate, Endpoint.Overridden overridden) {
        boolean disabled = candidate.endpoint().state() == Endpoint.State.DISABLED;
        return new Verdict(
                Verdict.OVERRIDE,
                !disabled,
                disabled ? Reason.DISABLED : Reason.OK,
                String.join("; ", overridden.causes()));
    }

    private Verdict weightVerdict(EndpointCandidate candidate, int server) {
        if (candidate.weight() > 0) {
            return Verdict.ok(Verdict.WEIGHT);
        }
        boolean takes = taking.get(server);
        Endpoint.Overridden registered = candidate.endpoint().overridden();
        String zero = registered != null && registered.weight() > 0 && !candidate.isDisabled()
                ? "override: " + String.join("; ", registered.causes())
                : "weight 0";
        return new Verdict(
                Verdict.WEIGHT,
                takes,
                Reason.WEIGHT_ZERO,
                zero
                        + (takes
                                ? ", and so have all others: they share alike"
                                : ": those that have more take the calls"));
    }

    private Verdict connection(EndpointCandidate candidate) {
        String since = Why.time(now - candidate.since().stateNanos());
        return switch (candidate.state()) {
            case READY -> Verdict.ok(Verdict.CONNECTION);
            case CONNECTING ->
                new Verdict(Verdict.CONNECTION, false, Reason.CONNECTING, "being connected to for " + since);
            case IDLE ->
                new Verdict(
                        Verdict.CONNECTION,
                        false,
                        Reason.IDLE,
                        candidate.isAsleep() ? "connected to when a call wants it" : "not connected for " + since);
            case TRANSIENT_FAILURE, SHUTDOWN ->
                candidate.isUnhealthy()
                        ? Verdict.ok(Verdict.CONNECTION)
                        : new Verdict(
                                Verdict.CONNECTION,
                                false,
                                Reason.FAILING,
                                "cannot be connected to for " + since + ": " + candidate.failure()
                                        + attempts(candidate.since()));
        };
    }

    private String attempts(Since since) {
        long left = since.nextAttemptNanos() - now;
        String next = left > 0 ? "the next begins within " + Why.time(left) : "another is under way";
        return "; " + (since.attempts() == 1 ? "1 attempt, " : since.attempts() + " attempts, ") + next;
    }

    private Verdict health(EndpointCandidate candidate) {
        return candidate.isUnhealthy()
                ? new Verdict(
                        Verdict.HEALTH,
                        false,
                        Reason.UNHEALTHY,
                        "does not serve for " + Why.time(now - candidate.since().stateNanos()) + ": "
                                + candidate.failure())
                : Verdict.ok(Verdict.HEALTH);
    }

    private Verdict subset(EndpointCandidate candidate, int server) {
        if (candidate.isMember() || candidate.suspect()) {
            return Verdict.ok(Verdict.SUBSET);
        }
        return new Verdict(
                Verdict.SUBSET,
                taking.get(server),
                Reason.NOT_IN_SUBSET,
                "none of the " + setting.subsetSize + " that the channel connects to, of " + known.size()
                        + ": it gets calls that name it by id, tag or hash key");
    }

    private Verdict registry(EndpointCandidate candidate) {
        return candidate.suspect()
                ? new Verdict(
                        Verdict.REGISTRY,
                        true,
                        Reason.SUSPECT,
                        "not in the registry for "
                                + Why.time(now - candidate.since().suspectNanos())
                                + ", vanished with many others: used while its connection holds")
                : Verdict.ok(Verdict.REGISTRY);
    }

    private Verdict slowStart(WarmUp slow, EndpointCandidate candidate, int server) {
        return slowStart[server] < 1
                ? new Verdict(
                        Verdict.SLOW_START,
                        true,
                        Reason.SLOW_START,
                        String.format(Locale.ROOT, "slow start at %.0f %%", slowStart[server] * 100) + ", for "
                                + Why.time(slow.left(candidate, readmissions)) + " more")
                : Verdict.ok(Verdict.SLOW_START);
    }
}
