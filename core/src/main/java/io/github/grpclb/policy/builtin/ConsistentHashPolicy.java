package io.github.grpclb.policy.builtin;

import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.CopyablePolicy;
import io.github.grpclb.policy.RoutingKeys;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.Metadata;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The server that owns the call's key, for as long as it is there; where one leaves, only its keys go to others. A key is the
 * call's {@link RoutingKeys#HASH_KEY}, or else the header that is configured.
 *
 * <p>All endpoints own keys, also those without a connection: so a reconnect moves no key for good. While an owner is not ready, its
 * keys are served by the next that is, and do not wait as in gRFC A42: an answer from a cold cache is better than none yet.
 * Ownership follows the server's id, or its address where it has none, and its weight.
 *
 * <p>With a {@code hashBalanceFactor}, a server has at most so many per cent of its fair share of all calls in flight, and what is
 * above goes on to the next (see {@link BoundedLoad}).
 *
 * <p>Options: {@code algorithm}, {@code ring} (default; {@link RingTable}) or {@code maglev} ({@link MaglevTable}); {@code header};
 * {@code minRingSize} (default 1024) and {@code maxRingSize} (default 131 072), 1 to 8 388 608; {@code hashBalanceFactor}, 100 to
 * 10 000 per cent, or 0 for no bound, the default; {@code noKey}, what becomes of a call without a key, {@code random} (default; by
 * weight) or {@code fail}.
 */
final class ConsistentHashPolicy implements CopyablePolicy {

    static final String NAME = "consistent_hash";

    private static final int LARGEST_RING = 8 << 20;

    private final boolean maglev;
    private final int minRingSize;
    private final int maxRingSize;
    private final Metadata.@Nullable Key<String> header;
    private final int balanceFactor;
    private final boolean failWithoutKey;
    private final LongSupplier chance;

    // pickers of a channel are made one after the other
    private @Nullable HashOwners owners;

    ConsistentHashPolicy(ConfigFields options) {
        this(options, () -> ThreadLocalRandom.current().nextLong());
    }

    /**
     * Creates the policy.
     *
     * @param chance gives 64 random bits; thread-safe
     */
    ConsistentHashPolicy(ConfigFields options, LongSupplier chance) {
        this.maglev = isSecond(options, "algorithm", "ring", "maglev");
        this.minRingSize = options.whole("minRingSize", 1_024, 1, LARGEST_RING);
        this.maxRingSize = options.whole("maxRingSize", Math.max(131_072, minRingSize), minRingSize, LARGEST_RING);
        this.header = options.header("header");
        this.balanceFactor = options.whole("hashBalanceFactor", 0, 0, 10_000);
        if (balanceFactor > 0 && balanceFactor < 100) {
            throw options.refused("hashBalanceFactor", balanceFactor, "0, or a whole number from 100 to 10000");
        }
        this.failWithoutKey = isSecond(options, "noKey", "random", "fail");
        this.chance = chance;
    }

    /** Copies another but for its chance. The table, which never changes, is dear to build, and is taken over. */
    private ConsistentHashPolicy(ConsistentHashPolicy other, LongSupplier chance) {
        this.maglev = other.maglev;
        this.minRingSize = other.minRingSize;
        this.maxRingSize = other.maxRingSize;
        this.header = other.header;
        this.balanceFactor = other.balanceFactor;
        this.failWithoutKey = other.failWithoutKey;
        this.owners = other.owners;
        this.chance = chance;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public CopyablePolicy copy(LongSupplier otherChance) {
        return new ConsistentHashPolicy(this, otherChance);
    }

    @Override
    public boolean followsWeights() {
        return true;
    }

    @Override
    public boolean followsKeys() {
        return true;
    }

    @Override
    public Picker picker(List<Candidate> known, List<Candidate> ready) {
        HashOwners before = owners;
        HashOwners now = before != null && before.areOf(known) ? before : HashOwners.of(known, this::table);
        owners = now;
        ReadyOwners present = now.among(known, ready);
        if (present == null) {
            // all that own something are away: those of weight 0 stand in
            present = Objects.requireNonNull(HashOwners.of(ready, this::table).among(ready, ready));
        }
        Candidate[] servers = ready.toArray(Candidate[]::new);
        return new KeyPicker(
                present, servers, balanceFactor == 0 ? null : new BoundedLoad(present, ready, balanceFactor / 100.0));
    }

    private HashTable table(String[] names, double[] weights) {
        return maglev ? MaglevTable.of(names, weights) : RingTable.of(names, weights, minRingSize, maxRingSize);
    }

    private static boolean isSecond(ConfigFields fields, String field, String first, String second) {
        String expected = "'" + first + "' or '" + second + "'";
        String value = fields.text(field, expected);
        if (value == null || value.equalsIgnoreCase(first)) {
            return false;
        }
        if (value.equalsIgnoreCase(second)) {
            return true;
        }
        throw fields.refused(field, value, expected);
    }

    private final class KeyPicker implements Picker {

        private final ReadyOwners owners;
        private final Candidate[] servers;
        private final @Nullable BoundedLoad bound;

        /** Those that calls without a key go to, where the channel connects to a subset. */
        private final Candidate[] inSubset;

        private final @Nullable AliasTable byWeight;

        KeyPicker(ReadyOwners owners, Candidate[] servers, @Nullable BoundedLoad bound) {
            this.owners = owners;
            this.servers = servers;
            this.bound = bound;
            List<Candidate> some =
                    Arrays.stream(servers).filter(Candidate::isInSubset).toList();
            boolean isPart = !some.isEmpty() && some.size() < servers.length;
            this.inSubset = isPart ? some.toArray(Candidate[]::new) : servers;
            this.byWeight = isPart ? AliasTable.of(WholeWeights.of(some)) : null;
        }

        @Override
        public @Nullable Candidate pick(PickSubchannelArgs call) {
            String key = call.getCallOptions().getOption(RoutingKeys.HASH_KEY);
            if (key == null && header != null) {
                key = call.getHeaders().get(header);
            }
            long hash;
            if (key != null && !key.isEmpty()) {
                hash = Xxh64.hash(key, 0);
            } else if (failWithoutKey) {
                return null;
            } else if (byWeight != null) {
                return inSubset[byWeight.at(chance.getAsLong())];
            } else {
                hash = chance.getAsLong();
            }
            int slot = owners.slot(hash);
            return servers[bound == null ? owners.at(slot) : bound.from(slot)];
        }

        @Override
        public String reason(PickSubchannelArgs call) {
            return "the call has no hash key"
                    + (header == null ? "" : ", neither as an option nor in the header '" + header.name() + "'");
        }
    }
}
