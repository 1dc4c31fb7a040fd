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
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleSupplier;
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
    public Passage passage(Pool pool, @Nullable PickSubchannelArgs call) {
        Passage passage = new Passage();
        double goesOn = 1;
        for (TagRule rule : rules) {
            String value = call == null ? null : rule.valueOf(call);
            goesOn = value == null
                    ? split(rule, pool, goesOn, passage)
                    : named(rule, value, pool, goesOn, passage) ? goesOn : 0;
            if (goesOn <= 0) {
                return passage;
            }
        }
        return passage.to(pool, goesOn);
    }

    /** Follows calls that name a value; says whether they go on to the next rule. */
    private boolean named(TagRule rule, String value, Pool pool, double calls, Passage passage) {
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
            passage.to(part, calls);
        }
        return false;
    }

    /** Follows calls that name no value; returns how many go on to the next rule. */
    private static double split(TagRule rule, Pool pool, double calls, Passage passage) {
        if (rule.split().isEmpty()) {
            return calls;
        }
        Map<String, Pool> parts = pool.parts(rule.key(), candidate -> rule.valueOf(candidate.endpoint()));
        double goesOn = 0;
        double left = 100;
        for (Map.Entry<String, Double> share : rule.split().entrySet()) {
            String value = share.getKey();
            left -= share.getValue();
            goesOn += share(rule.key() + "=" + value, share.getValue(), parts.get(value), calls, passage);
        }
        return goesOn + share("the others", left, withoutShare(rule, pool), calls, passage);
    }

    private static double share(String whose, double percent, @Nullable Pool part, double calls, Passage passage) {
        if (percent < 1e-9) { // what is left of 100 by rounding
            return 0;
        }
        boolean canServe = part != null && part.canServe();
        passage.say("tags: " + Passage.percent(percent) + " to " + whose + " ("
                + (part == null || part.known().isEmpty() ? "no server" : part.counts()) + ")"
                + (canServe ? "" : ", so to any"));
        double share = calls * percent / 100;
        if (!canServe || part == null) {
            return share;
        }
        passage.to(part, share);
        return 0;
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
    public Judge judge(List<Way> before, List<Way> after) {
        Map<EndpointCandidate, Double> shares = new IdentityHashMap<>();
        for (Way way : after) {
            way.pool().known().forEach(server -> shares.merge(server, way.share(), Double::sum));
        }
        return server -> {
            double share = shares.getOrDefault(server, 0.0);
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
