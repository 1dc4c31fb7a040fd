package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.ConnectionUse;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.SubsetPlace;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.policy.Policy;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps of one configuration, in their order, and the policy below them: ejection of outliers, tags, panic, zone, slow start.
 * What is not configured is not there. A step that throws would end the channel: then the policy alone picks, until the next list or the
 * next change. Confined to the synchronization context.
 */
@Internal
public final class PickerChain {

    private static final Logger logger = LoggerFactory.getLogger(PickerChain.class);

    /** In their order, the outermost first: a new one is a class and a line here. */
    private static final List<StepFactory> STEPS =
            List.of(EjectionStep.FACTORY, TagStep.FACTORY, PanicStep.FACTORY, ZoneStep.FACTORY);

    private final List<Step> steps = new ArrayList<>();
    private final List<StepFactory> withdrawn = new ArrayList<>();
    private final List<Timed> timed = new ArrayList<>();
    private final StepFactory.Setting setting;
    private final Step.Next first;
    private final PolicyPickers last;
    private final Policy policy;
    private final @Nullable WarmUp warmUp;
    private final int subsetSize;

    /**
     * Puts the steps together; nothing changes before {@link #begin}.
     *
     * @throws IllegalArgumentException if the policy is unknown, or its options are not for it
     */
    public PickerChain(LbConfig config, StepFactory.Setting setting) {
        this(config, setting, STEPS);
    }

    PickerChain(LbConfig config, StepFactory.Setting setting, List<StepFactory> factories) {
        ChannelPolicies policies = setting.memory().policies();
        this.setting = setting;
        this.subsetSize = config.subsetSize();
        for (StepFactory factory : factories) {
            Step step = factory.create(config, setting);
            if (step == null) {
                withdrawn.add(factory);
            } else {
                steps.add(step);
            }
        }
        timed.addAll(steps);
        this.policy = policies.get(config.policy(), config.options(), "");
        PolicyPicker.PickerMaker maker = PolicyPicker.PickerMaker.PLAIN;
        if (config.slowStart() == null) {
            this.warmUp = null;
        } else {
            WarmUp slowed =
                    new WarmUp(config.slowStart(), setting.memory().ejections(), setting.nanoTime(), setting.chance());
            timed.add(slowed);
            maker = slowed;
            this.warmUp = slowed;
        }
        last = new PolicyPickers(
                config, policies, new PolicyFailures(setting.tracking().logLimit()), setting.tracking(), maker);
        Step.Next next = last;
        for (int i = steps.size() - 1; i >= 0; i--) {
            Step step = steps.get(i);
            Step.Next after = next;
            next = pool -> step.picker(pool, after);
        }
        this.first = next;
    }

    /** Takes over from the chain before. */
    public void begin() {
        setting.tracking().policyIs(policy.name());
        withdrawn.forEach(factory -> factory.withdraw(setting.memory()));
    }

    /** Makes a picker. */
    public SubchannelPicker picker(List<EndpointCandidate> known) {
        Pool all = Pool.of(known);
        SubchannelPicker picker = orElse(() -> first.picker(all), () -> last.picker(all));
        steps.forEach(Step::done);
        last.done();
        return picker;
    }

    /** Makes a picker as {@link #picker} does, but of a chain that only tries: nothing is logged or told. */
    public SubchannelPicker triedPicker(List<EndpointCandidate> known) {
        Pool all = Pool.of(known);
        return orElse(() -> first.picker(all), () -> last.picker(all));
    }

    /**
     * Says in words which steps a call passes, in order, and among whom the policy then chooses. To be asked after a picker was made.
     * Changes nothing.
     */
    public List<String> path(List<EndpointCandidate> known, PickSubchannelArgs call) {
        List<String> path = new ArrayList<>();
        List<Way> ways = List.of(new Way(Pool.of(known), 1));
        for (Step step : steps) {
            ways = onward(step, ways, call, path);
        }
        for (Way way : ways) {
            last.says(way.pool()).forEach(text -> path.add(named(way.pool(), text)));
        }
        return path;
    }

    private static List<Way> onward(Step step, List<Way> ways, @Nullable PickSubchannelArgs call, List<String> path) {
        List<Way> onward = new ArrayList<>();
        for (Way way : ways) {
            Passage passage = step.passage(way.pool(), call);
            passage.says().forEach(text -> path.add(named(way.pool(), text)));
            passage.ways().forEach(next -> onward.add(new Way(next.pool(), way.share() * next.share())));
        }
        return onward;
    }

    private static String named(Pool pool, String text) {
        return pool.name().isEmpty() ? text : pool.name().substring(1) + ": " + text;
    }

    /**
     * Says what the steps and the policy make of servers, calls that ask for nothing being meant. It takes a few passes over them, and
     * changes nothing; for any thread.
     *
     * @param known all of the channel's
     * @param healthChecked whether they are asked for their health
     */
    public ChainExplanation explain(List<EndpointCandidate> known, boolean healthChecked) {
        List<Way> ways = List.of(new Way(Pool.of(known), 1));
        List<Judge> judges = new ArrayList<>();
        for (Step step : steps) {
            List<Way> after = onward(step, ways, null, new ArrayList<>());
            Judge judge = step.judge(ways, after);
            if (judge != null) {
                judges.add(judge);
            }
            ways = after;
        }
        return new ChainExplanation(
                known,
                ways,
                judges,
                pool -> last.takingNewCalls(pool, policy.followsKeys()),
                policy,
                warmUp,
                setting.memory().state().readmissions(),
                setting.nanoTime().getAsLong(),
                new ChainExplanation.Setting(healthChecked, subsetSize));
    }

    private <T> T orElse(Supplier<T> steps, Supplier<T> withoutSteps) {
        try {
            return steps.get();
        } catch (RuntimeException e) {
            if (setting.tracking().logLimit().isNew(PickerChain.class, e.getClass())) {
                logger.error(
                        "{}: a step over the policy failed; calls go by the policy alone (said once)",
                        setting.channel(),
                        e);
            }
            return withoutSteps.get();
        }
    }

    /** Draws those that are to be connected to, of each part of the servers; returns their {@link SubsetPlace#use()}. */
    public Set<ConnectionUse> members(List<EndpointCandidate> known) {
        List<Pool> all = List.of(Pool.of(known));
        Set<ConnectionUse> members = new HashSet<>();
        for (Pool pool : orElse(() -> parts(all), () -> all)) {
            for (EndpointCandidate candidate : Subset.draw(subsetSize, pool.known())) {
                SubsetPlace place = candidate.place();
                if (place != null) {
                    members.add(place.use());
                }
            }
        }
        return members;
    }

    private List<Pool> parts(List<Pool> all) {
        List<Pool> pools = all;
        for (Step step : steps) {
            List<Pool> parts = new ArrayList<>();
            pools.forEach(pool -> parts.addAll(step.parts(pool)));
            pools = parts;
        }
        return pools;
    }

    /** Lets servers that are connected to for calls to their part only be known to be in use, if they are. */
    public void passUseOn() {
        last.passUseOn();
    }

    /** Returns in how many nanoseconds time may have changed something, or {@link Timed#NEVER}. */
    public long due() {
        return timed.stream().mapToLong(Timed::due).min().orElse(Timed.NEVER);
    }

    /** Lets time act, and says whether a picker that is made now is another one. */
    public boolean elapse() {
        boolean changed = false;
        for (Timed each : timed) {
            changed |= orElse(each::elapse, () -> false);
        }
        return changed;
    }
}
