package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.SubsetPlace;
import io.github.grpclb.discovery.Internal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Draws those of many servers that a channel connects to. Each channel ranks all servers by chance and takes the first of its
 * order, so that servers have about as many channels each, and one that comes or goes moves few connections (rendezvous hashing,
 * as in gRFC A68). A server that cannot be reached keeps its place and is stood in for by the next, as long as no more are tried than twice
 * the subset.
 */
@Internal
public final class Subset {

    private static final Comparator<EndpointCandidate> BY_RANK =
            Comparator.comparingLong(candidate -> placeOf(candidate).rank());

    private Subset() {}

    /** Returns where an address stands in the order of a channel. */
    public static long rank(long channelSeed, String address) {
        return new SplittableRandom(channelSeed + ((long) address.hashCode() << 32)).nextLong();
    }

    /**
     * Draws servers.
     *
     * @param size how many; 1 or more
     * @param known all that there are. Those that drain, have weight 0 or are no longer registered are not drawn where others are
     *     there, and disabled ones never
     */
    static List<EndpointCandidate> draw(int size, List<EndpointCandidate> known) {
        List<EndpointCandidate> eligible = eligible(known);
        if (eligible.size() <= size) {
            return eligible;
        }
        int tried = (int) Math.min(eligible.size(), 2L * size);
        PriorityQueue<EndpointCandidate> first = new PriorityQueue<>(BY_RANK.reversed());
        for (EndpointCandidate candidate : eligible) {
            if (first.size() < tried) {
                first.add(candidate);
            } else if (placeOf(candidate).rank() < placeOf(first.element()).rank()) {
                first.remove();
                first.add(candidate);
            }
        }
        List<EndpointCandidate> inOrder = new ArrayList<>(first);
        inOrder.sort(BY_RANK);
        int drawn = 0;
        for (int healthy = 0; drawn < tried && healthy < size; drawn++) {
            healthy += inOrder.get(drawn).isFailing() ? 0 : 1;
        }
        return inOrder.subList(0, drawn);
    }

    /**
     * Says whether a first connection to a server of a part is under way, or would be made for a call.
     *
     * @param size how many are connected to of the part; 0 for all, of which none is waited for
     */
    static boolean isComing(int size, List<EndpointCandidate> known) {
        return size > 0 && draw(size, known).stream().anyMatch(EndpointCandidate::isComing);
    }

    private static List<EndpointCandidate> eligible(List<EndpointCandidate> known) {
        List<EndpointCandidate> listed = Pool.filter(
                known, candidate -> candidate.place() != null && !candidate.suspect() && !candidate.isDisabled());
        List<EndpointCandidate> staying = Pool.filter(listed, candidate -> !candidate.isDraining());
        List<EndpointCandidate> weighted = Pool.filter(staying, candidate -> candidate.weight() > 0);
        return !weighted.isEmpty() ? weighted : !staying.isEmpty() ? staying : listed;
    }

    private static SubsetPlace placeOf(EndpointCandidate candidate) {
        SubsetPlace place = candidate.place();
        if (place == null) {
            throw new IllegalStateException(candidate.endpoint() + " has no place in a subset");
        }
        return place;
    }
}
