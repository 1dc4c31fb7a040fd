package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.explain.Reason;
import io.github.grpclb.balancer.explain.Verdict;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Uses ejected servers as well where otherwise too few would have to carry the load of all (Envoy's panic threshold). It looks at
 * servers before the zones divide them, since a zone in need can send calls to the others. A server whose first connection is
 * under way is not held against the pool, and one that drains does not count.
 */
final class PanicStep implements Step {

    static final StepFactory FACTORY = new StepFactory() {
        @Override
        public @Nullable Step create(LbConfig config, Setting setting) {
            int threshold = config.panicThreshold();
            return threshold == 0
                    ? null
                    : new PanicStep(
                            threshold, setting.channel(), setting.memory().state());
        }

        @Override
        public void withdraw(ChannelMemory memory) {
            memory.state().setPanics(Map.of());
        }
    };

    private static final Logger logger = LoggerFactory.getLogger(PanicStep.class);

    private final int threshold;
    private final String channel;
    private final ChannelState state;

    /** Pools that panic in this update, and how many of them are usable. */
    private final Map<String, String> panicking = new TreeMap<>();

    /**
     * Creates the step.
     *
     * @param threshold per cent of servers that must be usable, above 0
     * @param channel the channel's name, for the log
     * @param state where it is said
     */
    PanicStep(int threshold, String channel, ChannelState state) {
        this.threshold = threshold;
        this.channel = channel;
        this.state = state;
    }

    @Override
    public SubchannelPicker picker(Pool pool, Next next) {
        if (!panics(pool)) {
            return next.picker(pool);
        }
        panicking.put(pool.name(), pool.counts());
        return next.picker(pool.withUsable(pool.connected()));
    }

    @Override
    public Passage passage(Pool pool, @Nullable PickSubchannelArgs call) {
        return panics(pool)
                ? Passage.through(pool.withUsable(pool.connected()))
                        .say("panic: " + pool.counts() + ", less than " + threshold
                                + " %: ejected ones, if any, are used as well")
                : Passage.through(pool);
    }

    @Override
    public Judge judge(List<Way> before, List<Way> after) {
        Set<EndpointCandidate> broughtBack = Pool.identitySet(List.of());
        StringBuilder counts = new StringBuilder();
        for (Way way : before) {
            if (panics(way.pool())) {
                counts.append(counts.isEmpty() ? "" : ", ").append(way.pool().counts());
                Set<EndpointCandidate> usable = Pool.identitySet(way.pool().usable());
                broughtBack.addAll(Pool.filter(way.pool().connected(), candidate -> !usable.contains(candidate)));
            }
        }
        String detail = "panic: only " + counts + ", less than " + threshold
                + " %, so that ejected ones, if any, are used as well";
        return server -> broughtBack.contains(server)
                ? new Verdict(Verdict.PANIC, true, Reason.PANIC, detail)
                : Verdict.ok(Verdict.PANIC);
    }

    @Override
    public void done() {
        Set<String> before = state.panicking();
        panicking.forEach((pool, counts) -> {
            if (!before.contains(pool)) {
                logger.warn(
                        "{}{}: panic, with {}, less than {} %: ejected ones, if any, are used as well",
                        channel, pool, counts, threshold);
            }
        });
        for (String pool : before) {
            if (!panicking.containsKey(pool)) {
                logger.info("{}{}: panic is over", channel, pool);
            }
        }
        state.setPanics(panicking);
        panicking.clear();
    }

    private boolean panics(Pool pool) {
        if (isEnough(pool.usable().size(), pool.known().size())) {
            return false;
        }
        List<EndpointCandidate> known = pool.awake();
        if (isEnough(pool.usable().size(), known.size())) {
            return false;
        }
        int staying = 0;
        int usable = 0;
        for (EndpointCandidate candidate : known) {
            staying += candidate.isDraining() ? 0 : 1;
            usable += candidate.isDraining() || candidate.isFailing() || candidate.isReady() ? 0 : 1;
        }
        for (EndpointCandidate candidate : pool.usable()) {
            usable += candidate.isDraining() ? 0 : 1;
        }
        return !isEnough(usable, staying);
    }

    private boolean isEnough(int usable, int all) {
        return usable * 100L >= (long) threshold * all;
    }
}
