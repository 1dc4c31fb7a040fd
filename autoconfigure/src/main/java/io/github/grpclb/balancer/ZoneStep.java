package io.github.grpclb.balancer;

import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.List;
import java.util.function.DoubleSupplier;

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

    private final ZoneRouting config;
    private final DoubleSupplier chance;

    /**
     * Creates the step.
     *
     * @param chance gives a number from 0 to below 1; thread-safe
     */
    ZoneStep(ZoneRouting config, DoubleSupplier chance) {
        this.config = config;
        this.chance = chance;
    }

    @Override
    public SubchannelPicker picker(Pool pool, Next next) {
        Pool own = pool.part("zone=" + config.own(), this::isInOwnZone);
        Pool others = pool.part("zone!=" + config.own(), candidate -> !isInOwnZone(candidate));
        if (!own.canServe() && !others.canServe()) {
            return next.picker(pool);
        }
        double stays = stays(own, others);
        if (stays >= 1) {
            return next.picker(own);
        }
        if (stays <= 0) {
            return next.picker(others);
        }
        return new EitherPicker(stays, next.picker(own), next.picker(others));
    }

    /** Returns the share of calls that stay in the zone. */
    private double stays(Pool own, Pool others) {
        if (!others.canServe()) {
            return 1;
        }
        boolean weightless = weight(own.known()) == 0 && weight(others.known()) == 0;
        double all = weightless ? own.known().size() : weight(own.known());
        double usable = weightless ? own.usable().size() : weight(own.usable());
        return all == 0 ? 0 : Math.min(1, usable / all * config.overprovisioningFactor());
    }

    private boolean isInOwnZone(EndpointCandidate candidate) {
        return config.own().equals(candidate.endpoint().zone());
    }

    private static double weight(List<EndpointCandidate> candidates) {
        double sum = 0;
        for (EndpointCandidate candidate : candidates) {
            sum += candidate.isDraining() ? 0 : candidate.weight();
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
