package io.github.grpclb.policy.builtin;

import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.Candidate;
import java.util.List;

/**
 * Lets no server have more than a factor of its fair share of the calls in flight, and sends what is above to the owner of the next
 * slot: Vahab Mirrokni, Mikkel Thorup and Morteza Zadimoghaddam, "Consistent Hashing with Bounded Loads" (2017).
 *
 * <p>The sum of calls in flight is added up anew once in so many picks that a pick reads about 16 servers, however many there are;
 * in between, a server's fair share is off by less than a tenth of a call. Calls are counted once they are sent, so that of several
 * picks at the same moment each may have the last place.
 */
final class BoundedLoad {

    private static final int READS_PER_PICK = 16;

    private final ReadyOwners owners;
    private final EndpointLoad[] loads;

    /** By server: the factor times its part of all weights. */
    private final double[] parts;

    private final int picksPerSum;

    // without a barrier: a lost update makes the next sum come a little later
    private int picksLeft;
    private long inFlight;

    /**
     * Creates the bound.
     *
     * @param ready the servers to whose positions the slots lead
     * @param factor of the fair share, ≥ 1
     */
    BoundedLoad(ReadyOwners owners, List<Candidate> ready, double factor) {
        double sum = ready.stream().mapToDouble(Candidate::weight).sum();
        this.owners = owners;
        this.loads = ready.stream().map(Candidate::load).toArray(EndpointLoad[]::new);
        this.parts = ready.stream()
                .mapToDouble(candidate -> factor * candidate.weight() / sum)
                .toArray();
        this.picksPerSum = 1 + loads.length / READS_PER_PICK;
    }

    /** Returns the position of the first server from a slot on that has room; that of the slot itself where none has. */
    int from(int slot) {
        double calls = sum() + 1;
        int last = -1;
        for (int i = slot; i < slot + owners.slots(); i++) {
            int server = owners.at(i < owners.slots() ? i : i - owners.slots());
            if (server != last && loads[server].inFlight() < Math.ceil(parts[server] * calls)) {
                return server;
            }
            last = server;
        }
        return owners.at(slot);
    }

    private long sum() {
        if (--picksLeft > 0) {
            return inFlight;
        }
        long sum = 0;
        for (EndpointLoad load : loads) {
            sum += load.inFlight();
        }
        inFlight = sum;
        picksLeft = picksPerSum;
        return sum;
    }
}
