package io.github.grpclb.policy.builtin;

import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * A table of 65 537 slots that servers take in turn, each in an order of its own: Danielle Eisenbud and others, "Maglev: A Fast and
 * Reliable Software Network Load Balancer" (2016). Shares are more even than on a ring, and a pick is one look; where a server
 * leaves, some keys of others move as well. Turns come by weight.
 */
final class MaglevTable implements HashTable {

    /** A prime, so that every step visits all slots; the paper's smaller size. */
    static final int SIZE = 65_537;

    private static final int FREE = -1;

    private final int[] owners;

    private MaglevTable(int[] owners) {
        this.owners = owners;
    }

    /**
     * Builds the table. Its content does not depend on the order of the servers.
     *
     * @param names of the servers, at least one
     * @param weights of the servers, each above 0
     */
    static MaglevTable of(String[] names, double[] weights) {
        PriorityQueue<Filler> turns = new PriorityQueue<>();
        int[] byName = IntStream.range(0, names.length)
                .boxed()
                .sorted(Comparator.comparing(i -> names[i]))
                .mapToInt(i -> i)
                .toArray();
        for (int rank = 0; rank < byName.length; rank++) {
            turns.add(new Filler(byName[rank], rank, names[byName[rank]], weights[byName[rank]]));
        }
        int[] owners = new int[SIZE];
        Arrays.fill(owners, FREE);
        for (int filled = 0; filled < SIZE; filled++) {
            Filler next = turns.remove();
            owners[next.takeFree(owners)] = next.server;
            turns.add(next);
        }
        return new MaglevTable(owners);
    }

    @Override
    public int[] owners() {
        return owners;
    }

    @Override
    public int slot(long hash) {
        return (int) Long.remainderUnsigned(hash, SIZE);
    }

    /** A server that takes slots; the next turn is that of the one with the earliest due. */
    private static final class Filler implements Comparable<Filler> {

        private final int server;
        private final int rank;
        private final double weight;
        private final int step;
        private int slot;
        private int taken;
        private double due;

        Filler(int server, int rank, String name, double weight) {
            this.server = server;
            this.rank = rank;
            this.weight = weight;
            this.slot = (int) Long.remainderUnsigned(Xxh64.hash(name, 0), SIZE);
            this.step = 1 + (int) Long.remainderUnsigned(Xxh64.hash(name, 1), SIZE - 1);
            this.due = 0.5 / weight;
        }

        int takeFree(int[] owners) {
            while (owners[slot] != FREE) {
                slot = (slot + step) % SIZE;
            }
            taken++;
            due = (taken + 0.5) / weight;
            return slot;
        }

        @Override
        public int compareTo(Filler other) {
            int byDue = Double.compare(due, other.due);
            return byDue != 0 ? byDue : Integer.compare(rank, other.rank);
        }
    }
}
