package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.Internal;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where in a list of candidates the servers stand, by id. Pickers share it for as long as the ids stay where they are, whatever
 * else changes, and it is built only when a call asks for a server. Immutable and thread-safe.
 */
@Internal
public final class ServerIds {

    public static final ServerIds NONE = new ServerIds(new String[0]);

    private static final int[] NOWHERE = {};

    private final @Nullable String[] ids;
    private volatile @Nullable Map<String, int[]> positions;

    private ServerIds(@Nullable String[] ids) {
        this.ids = ids;
    }

    /** Returns the ids of the candidates: this very object where they are the same. */
    public ServerIds next(List<EndpointCandidate> candidates) {
        boolean same = ids.length == candidates.size();
        for (int i = 0; same && i < ids.length; i++) {
            same = Objects.equals(ids[i], candidates.get(i).endpoint().id());
        }
        if (same) {
            return this;
        }
        @Nullable String[] next = new String[candidates.size()];
        for (int i = 0; i < next.length; i++) {
            next[i] = candidates.get(i).endpoint().id();
        }
        return new ServerIds(next);
    }

    /**
     * Finds a server. Where several have its id, such as one that was restarted while its old record lives on, one that is ready
     * goes before one that is not, and then the one that started last.
     *
     * @param candidates the list that this was made for, or a later one with the same ids
     */
    @Nullable
    EndpointCandidate find(String id, List<EndpointCandidate> candidates) {
        EndpointCandidate best = null;
        for (int position : positions().getOrDefault(id, NOWHERE)) {
            EndpointCandidate candidate = candidates.get(position);
            if (best == null || isBetter(candidate, best)) {
                best = candidate;
            }
        }
        return best;
    }

    private static boolean isBetter(EndpointCandidate candidate, EndpointCandidate than) {
        return candidate.isReady() == than.isReady()
                ? candidate.endpoint().startedAt() > than.endpoint().startedAt()
                : candidate.isReady();
    }

    private Map<String, int[]> positions() {
        Map<String, int[]> known = positions;
        if (known == null) {
            // two threads may both build it: that costs less than one waiting for the other
            known = new HashMap<>();
            for (int i = 0; i < ids.length; i++) {
                String id = ids[i];
                if (id != null) {
                    known.merge(id, new int[] {i}, ServerIds::concat);
                }
            }
            positions = known;
        }
        return known;
    }

    private static int[] concat(int[] left, int[] right) {
        int[] both = Arrays.copyOf(left, left.length + right.length);
        System.arraycopy(right, 0, both, left.length, right.length);
        return both;
    }
}
