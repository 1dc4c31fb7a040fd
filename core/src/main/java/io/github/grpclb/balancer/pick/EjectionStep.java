package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.config.OutlierDetection;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.explain.Reason;
import io.github.grpclb.balancer.explain.Verdict;
import io.github.grpclb.balancer.explain.Why;
import io.github.grpclb.discovery.Endpoint;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
                    rules,
                    memory.ejections(),
                    setting.channel(),
                    setting.tracking()::ejected,
                    setting.nanoTime(),
                    setting.chance());
            return new EjectionStep(detector, memory.ejections(), memory.state(), setting.nanoTime());
        }

        @Override
        public void withdraw(ChannelMemory memory) {
            memory.ejections().clear();
            memory.state().setEjected(Map.of(), Map.of());
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
        Map<Endpoint.Identity, Ejection> ejected = new HashMap<>();
        Map<Endpoint.Identity, Long> readmitted = new HashMap<>();
        for (EjectionHistory.Record record : history.current()) {
            if (record.ejected) {
                ejected.put(record.load().identity(), record.ejection());
            } else if (record.isReadmitted()) {
                readmitted.put(record.load().identity(), record.readmittedAt());
            }
        }
        state.setEjected(ejected, readmitted);
        if (ejected.isEmpty()) {
            return next.picker(pool);
        }
        List<EndpointCandidate> usable = pool.connected().stream()
                .filter(candidate -> !history.isEjected(candidate.load()))
                .toList();
        return next.picker(pool.withUsable(usable));
    }

    @Override
    public Passage passage(Pool pool, @Nullable PickSubchannelArgs call) {
        Map<Endpoint.Identity, Ejection> ejected = state.ejections();
        List<EndpointCandidate> usable = new ArrayList<>();
        List<String> without = new ArrayList<>();
        for (EndpointCandidate candidate : ejected.isEmpty() ? List.<EndpointCandidate>of() : pool.connected()) {
            if (ejected.containsKey(candidate.load().identity())) {
                without.add(candidate.endpoint().address());
            } else {
                usable.add(candidate);
            }
        }
        return without.isEmpty()
                ? Passage.through(pool)
                : Passage.through(pool.withUsable(usable))
                        .say("ejection: " + without.size() + " of "
                                + Passage.servers(pool.connected().size()) + " left out: " + Passage.some(without));
    }

    @Override
    public Judge judge(List<Way> before, List<Way> after) {
        Map<Endpoint.Identity, Ejection> ejected = state.ejections();
        long now = nanoTime.getAsLong();
        return server -> {
            Ejection ejection = ejected.get(server.load().identity());
            return ejection == null
                    ? Verdict.ok(Verdict.EJECTION)
                    : new Verdict(Verdict.EJECTION, false, Reason.EJECTED, describe(ejection, now));
        };
    }

    private static String describe(Ejection ejection, long now) {
        return "ejected: " + ejection.failures() + " of " + ejection.calls() + " calls failed in "
                + Why.time(ejection.intervalNanos()) + "; back in " + Why.time(ejection.untilNanos() - now);
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
