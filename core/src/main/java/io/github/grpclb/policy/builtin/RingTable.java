package io.github.grpclb.policy.builtin;

import io.github.grpclb.discovery.IllegalValueException;
import java.util.Arrays;

/**
 * Points on a ring, many for each server, of which a key belongs to the next: David Karger and others, "Consistent Hashing and
 * Random Trees" (1997), with the option names of gRFC A42. A server's points depend on its name and weight alone, and on the size
 * of the list and the largest weight only where these pass a power of two: so where one leaves, no key moves but its own. (A42
 * counts points from the sum of weights, and moves others with every change.)
 */
final class RingTable implements HashTable {

    /** The low bits of a point hold its owner. */
    private static final long OWNER = (1 << 20) - 1;

    /** Points of a server whose weight is just below a power of two, where no bound says otherwise. */
    private static final int POINTS = 1024;

    /** In ascending order; signed numbers, as good a ring as any. */
    private final long[] points;

    private final int[] owners;

    /** By the top bits of a hash: the first point with these, or after. So a search takes a step or two at any size. */
    private final int[] starts;

    private final int shift;

    private RingTable(long[] points) {
        int bits = Math.max(1, 32 - Integer.numberOfLeadingZeros(points.length - 1));
        this.points = points;
        this.shift = 64 - bits;
        this.owners = new int[points.length];
        this.starts = new int[1 << bits];
        int bucket = 0;
        for (int i = 0; i < points.length; i++) {
            owners[i] = (int) (points[i] & OWNER);
            for (int last = bucket(points[i]); bucket <= last; bucket++) {
                starts[bucket] = i;
            }
        }
        Arrays.fill(starts, bucket, starts.length, points.length);
    }

    /**
     * Builds the ring.
     *
     * @param names of the servers; at least one and at most 2^20
     * @param weights of the servers, each above 0
     * @param least points wanted, in all
     * @param most points, in all; passed only where there are more servers
     */
    static RingTable of(String[] names, double[] weights, int least, int most) {
        if (names.length > OWNER) {
            throw new IllegalValueException("servers", names.length, "at most " + OWNER);
        }
        double largest = Arrays.stream(weights).max().orElseThrow();
        double each = Math.scalb(POINTS, -1 - Math.getExponent(largest));
        while (size(weights, each) < least) {
            each *= 2;
        }
        while (size(weights, each) > most && each * largest > 1) {
            each /= 2;
        }
        long[] points = new long[(int) size(weights, each)];
        int next = 0;
        for (int i = 0; i < names.length; i++) {
            for (int k = points(weights[i], each); k > 0; k--) {
                points[next++] = Xxh64.hash(names[i], k) & ~OWNER | i;
            }
        }
        Arrays.sort(points);
        return new RingTable(points);
    }

    @Override
    public int[] owners() {
        return owners;
    }

    @Override
    public int slot(long hash) {
        long from = hash & ~OWNER;
        int slot = starts[bucket(hash)];
        while (slot < points.length && points[slot] < from) {
            slot++;
        }
        return slot < points.length ? slot : 0;
    }

    private int bucket(long hash) {
        return (int) ((hash ^ Long.MIN_VALUE) >>> shift);
    }

    private static long size(double[] weights, double each) {
        long size = 0;
        for (double weight : weights) {
            size += points(weight, each);
        }
        return size;
    }

    private static int points(double weight, double each) {
        return (int) Math.max(1, Math.round(weight * each));
    }
}
