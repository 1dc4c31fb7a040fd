package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.balancer.explain.Reason;
import io.github.grpclb.balancer.explain.Verdict;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Lets each call choose among the servers that have the value which it names, as {@link TagRule} says. */
final class TagStep implements Step {

    static final StepFactory FACTORY = (config, setting) -> config.tags().isEmpty()
            ? null
            : new TagStep(config.tags(), setting.tracking(), config.subsetSize(), setting.chance());

    private final List<TagRule> rules;
    private final CallTracking tracking;
    private final DoubleSupplier chance;
    private final int subsetSize;

    /**
     * Creates the step.
     *
     * @param subsetSize how many servers of each value are connected to; 0 for all
     * @param chance gives a number from 0 to below 1; thread-safe
     */
    TagStep(List<TagRule> rules, CallTracking tracking, int subsetSize, DoubleSupplier chance) {
        this.subsetSize = subsetSize;
        this.rules = rules;
        this.tracking = tracking;
        this.chance = chance;
    }

    @Override
    public SubchannelPicker picker(Pool pool, Next next) {
        List<RulePicker> pickers = new ArrayList<>();
        for (TagRule rule : rules) {
            pickers.add(new RulePicker(rule, pool, next));
        }
        return new FirstRulePicker(pickers, next.picker(pool));
    }

    @Override
    public Passage passage(Pool pool, PickSubchannelArgs call) {
        Passage passage = new Passage();
        for (TagRule rule : rules) {
            String value = rule.valueOf(call);
            if (value != null ? !named(rule, value, pool, passage) : !split(rule, pool, passage)) {
                return passage;
            }
        }
        return passage.to(pool);
    }

    /** Follows a call that names a value; says whether it goes on to the next rule. */
    private boolean named(TagRule rule, String value, Pool pool, Passage passage) {
        Pool part = pool.parts(rule.key(), candidate -> rule.valueOf(candidate.endpoint()))
                .get(value);
        String says = "tags: " + rule.key() + "=" + value + ": "
                + (part == null ? 0 : part.known().size()) + " of "
                + Passage.servers(pool.known().size());
        boolean canServe = part != null && (part.canServe() || Subset.isComing(subsetSize, part.known()));
        if (rule.fallback() && !canServe) {
            passage.say(says + (part == null ? "" : ", none can serve it") + ", so any server may");
            return true;
        }
        passage.say(says);
        if (part != null) {
            passage.to(part);
        }
        return false;
    }

    /** Follows calls that name no value; says whether some go on to the next rule. */
    private boolean split(TagRule rule, Pool pool, Passage passage) {
        if (rule.split().isEmpty()) {
            return true;
        }
        Map<String, Pool> parts = pool.parts(rule.key(), candidate -> rule.valueOf(candidate.endpoint()));
        boolean goesOn = false;
        double left = 100;
        for (Map.Entry<String, Double> share : rule.split().entrySet()) {
            left -= share.getValue();
            if (share.getValue() > 0) {
                goesOn |=
                        share(rule.key() + "=" + share.getKey(), share.getValue(), parts.get(share.getKey()), passage);
            }
        }
        if (left > 0) {
            Pool rest = withoutShare(rule, pool);
            goesOn |= share("the others", left, rest.known().isEmpty() ? null : rest, passage);
        }
        return goesOn;
    }

    private static boolean share(String whose, double percent, @Nullable Pool part, Passage passage) {
        boolean canServe = part != null && part.canServe();
        passage.say("tags: " + Passage.percent(percent) + " to " + whose + " ("
                + (part == null ? "no server" : part.counts()) + ")" + (canServe ? "" : ", so to any"));
        if (canServe && part != null) {
            passage.to(part);
        }
        return !canServe;
    }

    /** A value that a call must name has its servers connected to when one does; a share of all calls goes there by itself. */
    @Override
    public List<Pool> parts(Pool pool) {
        List<Pool> parts = new ArrayList<>();
        for (TagRule rule : rules) {
            if (!rule.split().isEmpty()) {
                pool.parts(rule.key(), candidate -> rule.valueOf(candidate.endpoint()))
                        .forEach((value, part) -> {
                            if (rule.split().getOrDefault(value, 0.0) > 0) {
                                parts.add(part);
                            }
                        });
                Pool rest = withoutShare(rule, pool);
                boolean takesCalls = rest.known().stream().anyMatch(candidate -> !candidate.isDisabled());
                parts.add(takesCalls ? rest : pool);
            }
        }
        return parts.isEmpty() ? List.of(pool) : parts;
    }

    @Override
    public List<Way> ways(Pool pool) {
        return partWays(pool).stream().map(PartWay::way).toList();
    }

    /** A way, and who is in it of those that are in the pool before. */
    private record PartWay(Way way, Predicate<EndpointCandidate> isIn) {}

    private List<PartWay> partWays(Pool pool) {
        List<PartWay> ways = new ArrayList<>();
        double left = 1;
        for (TagRule rule : rules) {
            if (!rule.split().isEmpty()) {
                double passedOn = 0;
                Map<String, Pool> parts = pool.parts(rule.key(), candidate -> rule.valueOf(candidate.endpoint()));
                double rest = 1;
                for (Map.Entry<String, Double> share : rule.split().entrySet()) {
                    String value = share.getKey();
                    double drawn = share.getValue() / 100;
                    rest -= drawn;
                    passedOn += go(
                            left * drawn,
                            parts.get(value),
                            candidate -> value.equals(rule.valueOf(candidate.endpoint())),
                            ways);
                }
                passedOn += go(
                        left * Math.max(0, rest),
                        withoutShare(rule, pool),
                        candidate -> hasNoShare(rule, candidate),
                        ways);
                left = passedOn;
            }
        }
        if (left > 0) {
            ways.add(new PartWay(new Way(pool, left), candidate -> true));
        }
        return ways;
    }

    /** Sends calls to a part; returns how many it cannot take. */
    private static double go(double share, @Nullable Pool part, Predicate<EndpointCandidate> isIn, List<PartWay> ways) {
        if (part == null || !part.canServe()) {
            return share;
        }
        if (share > 0) {
            ways.add(new PartWay(new Way(part, share), isIn));
        }
        return 0;
    }

    @Override
    public Judge judge(List<Way> before, List<Way> after) {
        List<PartWay> ways = new ArrayList<>();
        for (Way way : before) {
            partWays(way.pool())
                    .forEach(each ->
                            ways.add(new PartWay(new Way(each.way.pool(), way.share() * each.way.share()), each.isIn)));
        }
        return server -> {
            double share = 0;
            for (PartWay each : ways) {
                share += each.isIn.test(server) ? each.way.share() : 0;
            }
            if (share >= 1 - 1e-9) {
                return Verdict.ok(Verdict.TAGS);
            }
            return share > 0
                    ? new Verdict(
                            Verdict.TAGS,
                            true,
                            Reason.OK,
                            String.format(
                                    Locale.ROOT,
                                    "shares %.4g %% of the calls that name no tag with servers of its kind",
                                    share * 100))
                    : new Verdict(Verdict.TAGS, false, Reason.OTHER_TAG, tags(server));
        };
    }

    private String tags(EndpointCandidate server) {
        StringBuilder named = new StringBuilder();
        for (TagRule rule : rules) {
            String value = rule.valueOf(server.endpoint());
            if (!rule.split().isEmpty()) {
                named.append(named.isEmpty() ? "" : " or ").append(rule.key());
                named.append(value == null ? " of none" : "=" + value);
            }
        }
        return "calls that name no tag go to others: only those that name " + named + " come here";
    }

    /** Leaves the servers that have no share of their own. */
    private static Pool withoutShare(TagRule rule, Pool pool) {
        return pool.part(rule.key() + "!=" + rule.split().keySet(), candidate -> hasNoShare(rule, candidate));
    }

    private static boolean hasNoShare(TagRule rule, EndpointCandidate candidate) {
        String value = rule.valueOf(candidate.endpoint());
        return value == null || !rule.split().containsKey(value);
    }

    private static final class FirstRulePicker extends SubchannelPicker {

        private final List<RulePicker> rules;
        private final SubchannelPicker all;

        FirstRulePicker(List<RulePicker> rules, SubchannelPicker all) {
            this.rules = rules;
            this.all = all;
        }

        @Override
        public PickResult pickSubchannel(PickSubchannelArgs call) {
            for (RulePicker rule : rules) {
                PickResult result = rule.pick(call);
                if (result != null) {
                    return result;
                }
            }
            return all.pickSubchannel(call);
        }
    }

    /** One rule over one pool. Immutable. */
    private final class RulePicker {

        private final TagRule rule;
        private final String service;
        private final String counts;
        private final Map<String, Part> parts = new HashMap<>();
        private final @Nullable Part rest;

        RulePicker(TagRule rule, Pool pool, Next next) {
            this.rule = rule;
            this.service = pool.known().get(0).endpoint().service();
            this.counts = pool.counts();
            pool.parts(rule.key(), candidate -> rule.valueOf(candidate.endpoint()))
                    .forEach((value, part) -> parts.put(value, new Part(part, subsetSize, next)));
            this.rest = rule.split().isEmpty() ? null : partOf(withoutShare(rule, pool), next);
        }

        private @Nullable Part partOf(Pool others, Next next) {
            return others.known().isEmpty() ? null : new Part(others, subsetSize, next);
        }

        /** Picks, or returns null where the rule has nothing to say of the call. */
        @Nullable
        PickResult pick(PickSubchannelArgs call) {
            String value = rule.valueOf(call);
            if (value == null) {
                Part part = drawn();
                return part == null ? null : part.pickIfItCan(call);
            }
            Part part = parts.get(value);
            if (rule.fallback()) {
                return part == null ? null : part.pickIfItCanOnDemand(call);
            }
            if (part == null) {
                tracking.pickFailed(service, PickObserver.Failure.TAGS);
                // a drop: neither wait-for-ready nor a retry would bring the server
                return PickResult.withDrop(Status.UNAVAILABLE.withDescription(
                        "tags: no endpoint with " + rule.key() + " '" + value + "' (" + counts + ")"));
            }
            return part.picker.pickSubchannel(call);
        }

        private @Nullable Part drawn() {
            if (rule.split().isEmpty()) {
                return null;
            }
            double left = chance.getAsDouble() * 100;
            for (Map.Entry<String, Double> share : rule.split().entrySet()) {
                left -= share.getValue();
                if (left < 0) {
                    return parts.get(share.getKey());
                }
            }
            return rest;
        }
    }

    /** The servers of one value. Immutable. */
    private static final class Part {

        private final boolean canServe;
        private final boolean canServeOnDemand;
        private final SubchannelPicker picker;

        Part(Pool pool, int subsetSize, Next next) {
            this.canServe = pool.canServe();
            this.canServeOnDemand = canServe || Subset.isComing(subsetSize, pool.known());
            this.picker = next.picker(pool);
        }

        @Nullable
        PickResult pickIfItCan(PickSubchannelArgs call) {
            return canServe ? picker.pickSubchannel(call) : null;
        }

        /** Has a call wait, too, that is for these servers and no others while they are connected to for its sake. */
        @Nullable
        PickResult pickIfItCanOnDemand(PickSubchannelArgs call) {
            return canServeOnDemand ? picker.pickSubchannel(call) : null;
        }
    }
}
