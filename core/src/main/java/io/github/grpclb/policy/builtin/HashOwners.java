package io.github.grpclb.policy.builtin;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.Candidate;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A table over all known servers. It stays as long as their names and weights do, whoever of them is ready. Immutable. */
final class HashOwners {

    private static final Comparator<Endpoint> LATEST =
            Comparator.comparingLong(Endpoint::startedAt).thenComparing(Endpoint::address);

    private final String[] names;
    private final double[] weights;
    private final HashTable table;

    /** For each slot of the table, the position of its owner among the known servers. */
    private final int[] owners;

    private HashOwners(String[] names, double[] weights, HashTable table, int[] owners) {
        this.names = names;
        this.weights = weights;
        this.table = table;
        this.owners = owners;
    }

    /** Builds the table for names and weights. */
    @FunctionalInterface
    interface Builder {
        HashTable build(String[] names, double[] weights);
    }

    /** Builds the table. Those of weight 0 own nothing, unless all have it. */
    static HashOwners of(List<Candidate> known, Builder builder) {
        String[] names = namesOf(known);
        double[] weights = known.stream().mapToDouble(Candidate::weight).toArray();
        int[] weighty =
                IntStream.range(0, weights.length).filter(i -> weights[i] > 0).toArray();
        if (weighty.length == weights.length) {
            HashTable table = builder.build(names, weights);
            return new HashOwners(names, weights, table, table.owners());
        }
        if (weighty.length == 0) {
            double[] alike = new double[weights.length];
            Arrays.fill(alike, 1);
            HashTable table = builder.build(names, alike);
            return new HashOwners(names, weights, table, table.owners());
        }
        HashTable table = builder.build(
                Arrays.stream(weighty).mapToObj(i -> names[i]).toArray(String[]::new),
                Arrays.stream(weighty).mapToDouble(i -> weights[i]).toArray());
        int[] owners =
                Arrays.stream(table.owners()).map(owner -> weighty[owner]).toArray();
        return new HashOwners(names, weights, table, owners);
    }

    /**
     * Says who has the keys while only some servers are ready.
     *
     * @param known what this was made of, or a list with the same names and weights
     * @param ready those of them that are ready, in the same order
     * @return null where no owner is ready
     */
    @Nullable
    ReadyOwners among(List<Candidate> known, List<Candidate> ready) {
        int[] readyPositions = new int[known.size()];
        int next = 0;
        for (int i = 0; i < readyPositions.length; i++) {
            // a candidate may differ in the two lists, by its weight
            boolean there = next < ready.size()
                    && known.get(i).endpoint() == ready.get(next).endpoint();
            readyPositions[i] = there ? next++ : -1;
        }
        return ReadyOwners.of(table, owners, readyPositions);
    }

    boolean areOf(List<Candidate> known) {
        if (known.size() != names.length) {
            return false;
        }
        boolean plain = true;
        for (int i = 0; i < names.length; i++) {
            Candidate candidate = known.get(i);
            if (candidate.weight() != weights[i]) {
                return false;
            }
            plain &= nameOf(candidate).equals(names[i]);
        }
        return plain || Arrays.equals(names, namesOf(known));
    }

    /**
     * Returns the servers' names, none twice. Where several have one id, the one that started last has it to itself, as it stays when
     * the others are leftovers; those others are told apart by their addresses.
     */
    private static String[] namesOf(List<Candidate> known) {
        String[] names = new String[known.size()];
        Map<String, Endpoint> holders = new HashMap<>();
        for (int i = 0; i < names.length; i++) {
            names[i] = nameOf(known.get(i));
            holders.merge(names[i], known.get(i).endpoint(), (a, b) -> LATEST.compare(a, b) >= 0 ? a : b);
        }
        if (holders.size() < names.length) {
            for (int i = 0; i < names.length; i++) {
                Endpoint endpoint = known.get(i).endpoint();
                if (holders.get(names[i]) != endpoint) {
                    names[i] += "@" + endpoint.address();
                }
            }
        }
        return names;
    }

    private static String nameOf(Candidate candidate) {
        Endpoint endpoint = candidate.endpoint();
        String id = endpoint.id();
        return id != null ? id : endpoint.address();
    }
}
