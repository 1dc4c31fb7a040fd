package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.ZoneRouting;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.explain.Reason;
import io.github.grpclb.balancer.explain.Verdict;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps calls in the client's own zone, and lets as many leave it as it has no room for: of each call chance decides whether it
 * stays, and the policy then chooses in the own zone or among all others. So it holds for every policy, and nothing jumps when a
 * server of the zone comes or goes.
 *
 * <p>The room of the zone is the weight of its usable servers over the weight of all its servers that stay, times what a server
 * can take beyond its fair load (Envoy's overprovisioning factor). How many clients there are in which zone is not known, so it is
 * not considered.
 */
final class ZoneStep implements Step {

    static final StepFactory FACTORY = (config, setting) ->
            config.zone() == null ? null : new ZoneStep(config.zone(), config.subsetSize(), setting.chance());

    private final ZoneRouting config;
    private final DoubleSupplier chance;
    private final int subsetSize;

    /**
     * Creates the step.
     *
     * @param subsetSize how many servers of each zone are connected to; 0 for all
     * @param chance gives a number from 0 to below 1; thread-safe
     */
    ZoneStep(ZoneRouting config, int subsetSize, DoubleSupplier chance) {
        this.config = config;
        this.subsetSize = subsetSize;
        this.chance = chance;
    }

    @Override
    public SubchannelPicker picker(Pool pool, Next next) {
        List<Way> ways = passage(pool, null).ways();
        return ways.size() == 1
                ? next.picker(ways.get(0).pool())
                : new EitherPicker(
                        ways.get(0).share(),
                        next.picker(ways.get(0).pool()),
                        next.picker(ways.get(1).pool()));
    }

    @Override
    public Passage passage(Pool pool, @Nullable PickSubchannelArgs call) {
        Pool own = own(pool);
        Pool others = others(pool);
        if (!own.canServe() && !others.canServe()) {
            // whoever is waited for is connected to: not to those of other zones where the own one has some
            return Passage.through(Subset.isComing(subsetSize, own.known()) ? own : pool)
                    .say("zone " + config.own() + ": no server is ready in it, nor in another one");
        }
        double stays = others.canServe() ? stays(own, others, false) : 1;
        return new Passage()
                .say("zone " + config.own() + ": " + Passage.percent(stays * 100) + " stay (" + own.counts() + ")"
                        + (stays < 1 ? ", the others leave (" + others.counts() + ")" : ""))
                .to(own, stays)
                .to(others, 1 - stays);
    }

    @Override
    public Judge judge(List<Way> before, List<Way> after) {
        double inOwn = 0;
        double inOthers = 0;
        for (Way way : after) {
            List<EndpointCandidate> known = way.pool().known();
            inOwn += known.stream().anyMatch(this::isInOwnZone) ? way.share() : 0;
            inOthers += known.stream().allMatch(this::isInOwnZone) ? 0 : way.share();
        }
        boolean ownGets = inOwn > 0;
        boolean othersGet = inOthers > 0;
        String percent = String.format(Locale.ROOT, "%.0f %%", inOthers * 100);
        return server -> {
            if (isInOwnZone(server)) {
                return ownGets
                        ? Verdict.ok(Verdict.ZONE)
                        : new Verdict(
                                Verdict.ZONE,
                                false,
                                Reason.OTHER_ZONE,
                                "zone " + config.own() + " has no room: all calls go to other zones");
            }
            String zone = server.endpoint().zone();
            String where = zone == null ? "in no zone" : "in zone " + zone;
            return new Verdict(
                    Verdict.ZONE,
                    othersGet,
                    Reason.OTHER_ZONE,
                    othersGet
                            ? where + ": " + percent + " of the calls leave zone " + config.own()
                            : where + ": all calls stay in zone " + config.own());
        };
    }

    @Override
    public List<Pool> parts(Pool pool) {
        Pool own = own(pool);
        Pool others = others(pool);
        double stays = others.known().isEmpty() ? 1 : stays(own, others, true);
        return stays >= 1 ? List.of(own) : stays <= 0 ? List.of(others) : List.of(own, others);
    }

    /**
     * Returns the share of calls that stay in the zone.
     *
     * @param hopeful whether servers that are about to be connected to count as if they were
     */
    private double stays(Pool own, Pool others, boolean hopeful) {
        List<EndpointCandidate> members = Pool.filter(own.known(), candidate -> !candidate.isDisabled());
        List<EndpointCandidate> usable = own.usable();
        if (subsetSize > 0) {
            Set<EndpointCandidate> able = Pool.identitySet(usable);
            members = Subset.draw(subsetSize, members);
            usable = Pool.filter(members, candidate -> able.contains(candidate) || (hopeful && candidate.isComing()));
        }
        boolean weightless = weight(members) == 0 && weight(others.known()) == 0;
        double all = weightless ? members.size() : weight(members);
        double room = weightless ? usable.size() : weight(usable);
        return all == 0 ? 0 : Math.min(1, room / all * config.overprovisioningFactor());
    }

    private Pool own(Pool pool) {
        return pool.part("zone=" + config.own(), this::isInOwnZone);
    }

    private Pool others(Pool pool) {
        return pool.part("zone!=" + config.own(), candidate -> !isInOwnZone(candidate));
    }

    private boolean isInOwnZone(EndpointCandidate candidate) {
        return config.own().equals(candidate.endpoint().zone());
    }

    private static double weight(List<EndpointCandidate> candidates) {
        double sum = 0;
        for (EndpointCandidate candidate : candidates) {
            sum += candidate.isStaying() ? candidate.weight() : 0;
        }
        return sum;
    }

    private final class EitherPicker extends SubchannelPicker {

        private final double first;
        private final SubchannelPicker own;
        private final SubchannelPicker others;

        EitherPicker(double first, SubchannelPicker own, SubchannelPicker others) {
            this.first = first;
            this.own = own;
            this.others = others;
        }

        @Override
        public PickResult pickSubchannel(PickSubchannelArgs call) {
            return (chance.getAsDouble() < first ? own : others).pickSubchannel(call);
        }
    }
}
