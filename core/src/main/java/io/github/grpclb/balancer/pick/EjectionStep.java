package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.config.OutlierDetection;
import io.github.grpclb.discovery.Endpoint;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Leaves out the servers that an {@link OutlierDetector} ejected. They stay connected, and a call bound to one still goes there. */
final class EjectionStep implements Step {

    static final StepFactory FACTORY = new StepFactory() {
        @Override
        public @Nullable Step create(LbConfig config, Setting setting) {
            OutlierDetection rules = config.outlierDetection();
            if (rules == null) {
                return null;
            }
            ChannelMemory memory = setting.memory();
            OutlierDetector detector = new OutlierDetector(
                    rules, memory.ejections(), setting.channel(), setting.nanoTime(), setting.chance());
            return new EjectionStep(detector, memory.ejections(), memory.state(), setting.nanoTime());
        }

        @Override
        public void withdraw(ChannelMemory memory) {
            memory.ejections().clear();
            memory.state().setEjected(Set.of());
        }
    };

    private final OutlierDetector detector;
    private final EjectionHistory history;
    private final ChannelState state;
    private final LongSupplier nanoTime;

    EjectionStep(OutlierDetector detector, EjectionHistory history, ChannelState state, LongSupplier nanoTime) {
        this.detector = detector;
        this.history = history;
        this.state = state;
        this.nanoTime = nanoTime;
    }

    @Override
    public SubchannelPicker picker(Pool pool, Next next) {
        history.follow(pool.awake(), nanoTime.getAsLong());
        Set<Endpoint.Identity> ejected = new HashSet<>();
        for (EjectionHistory.Record record : history.current()) {
            if (record.ejected) {
                ejected.add(record.load().identity());
            }
        }
        state.setEjected(ejected);
        if (ejected.isEmpty()) {
            return next.picker(pool);
        }
        return next.picker(withoutEjected(pool));
    }

    @Override
    public Way way(Pool pool, PickSubchannelArgs call) {
        List<String> ejected = pool.connected().stream()
                .filter(candidate -> history.isEjected(candidate.load()))
                .map(candidate -> candidate.endpoint().address())
                .toList();
        return ejected.isEmpty()
                ? Way.through(pool)
                : Way.through(withoutEjected(pool))
                        .say("ejection: " + ejected.size() + " of "
                                + Way.servers(pool.connected().size()) + " left out: " + Way.some(ejected));
    }

    private Pool withoutEjected(Pool pool) {
        return pool.withUsable(pool.connected().stream()
                .filter(candidate -> !history.isEjected(candidate.load()))
                .toList());
    }

    @Override
    public long due() {
        return detector.due();
    }

    @Override
    public boolean elapse() {
        return detector.elapse();
    }
}
