package io.github.grpclb.etcd.embedded;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.PutRequest;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Claims to a name: keys below it, of which the one that was created first holds it, and each lives as long as its lease. Both etcd's locks
 * and its elections are made of them, in its package {@code client/v3/concurrency}.
 */
final class Claims {

    /** The TTL of the lease of a claim that brings none. */
    private static final long DEFAULT_TTL_SECONDS = 60;

    private final EtcdState state;
    private final List<Waiter> waiters = new ArrayList<>();

    /**
     * A claim, or what a client says of one.
     *
     * @param key its key, below the name
     * @param createRevision that of the key: what is at the key with another one is another claim
     * @param lease the lease of the key
     */
    record Claim(ByteString name, ByteString key, long createRevision, long lease) {}

    private record Waiter(Claim claim, Runnable held) {}

    Claims(EtcdState state) {
        this.state = state;
        state.onCommit(this::proceed);
    }

    /**
     * Makes a claim, or returns the one that the lease has already.
     *
     * @param lease the lease, or {@link LeaseTable#NONE} to have one granted
     * @param value of the key, where it is made
     * @throws RefusedException if there is no such lease
     */
    Claim make(ByteString name, long lease, ByteString value) {
        long id = leaseOrNew(lease);
        ByteString key = below(name).concat(ByteString.copyFromUtf8(Long.toHexString(id)));
        KeyValue existing = state.store().get(key);
        if (existing != null) {
            return new Claim(name, key, existing.getCreateRevision(), id);
        }
        PutRequest put =
                PutRequest.newBuilder().setKey(key).setValue(value).setLease(id).build();
        long revision =
                state.write(() -> state.operations().put(put)).getHeader().getRevision();
        return new Claim(name, key, revision, id);
    }

    /** Has something done once a claim holds its name: perhaps at once. Whoever gives up before that gives up the claim. */
    void await(Claim claim, ServerCallStreamObserver<?> caller, Runnable held) {
        Waiter waiter = new Waiter(claim, held);
        caller.setOnCancelHandler(() -> {
            if (waiters.remove(waiter)) {
                release(claim);
            }
        });
        if (holds(claim)) {
            held.run();
        } else {
            waiters.add(waiter);
        }
    }

    /** Returns the key of whoever holds a name, or null where nobody does. */
    @Nullable
    KeyValue holder(ByteString name) {
        return all(name).stream()
                .min(Comparator.comparingLong(KeyValue::getCreateRevision))
                .orElse(null);
    }

    /** Says whether a claim is still there. */
    boolean exists(Claim claim) {
        KeyValue kv = state.store().get(claim.key());
        return kv != null && kv.getCreateRevision() == claim.createRevision();
    }

    /**
     * Writes another value to a claim's key.
     *
     * @throws RefusedException if there is no such lease
     */
    void write(Claim claim, ByteString value) {
        PutRequest put = PutRequest.newBuilder()
                .setKey(claim.key())
                .setValue(value)
                .setLease(leaseOrNew(claim.lease()))
                .build();
        state.write(() -> state.operations().put(put));
    }

    /** Takes a claim back, if it is still there. */
    void release(Claim claim) {
        if (exists(claim)) {
            DeleteRangeRequest delete =
                    DeleteRangeRequest.newBuilder().setKey(claim.key()).build();
            state.write(() -> state.operations().delete(delete));
        }
    }

    /** Returns what all keys of a name begin with. */
    static ByteString below(ByteString name) {
        return name.concat(ByteString.copyFromUtf8("/"));
    }

    private void proceed() {
        for (Waiter waiter : List.copyOf(waiters)) {
            if (holds(waiter.claim)) {
                waiters.remove(waiter);
                waiter.held.run();
            }
        }
    }

    private boolean holds(Claim claim) {
        return all(claim.name()).stream().noneMatch(each -> each.getCreateRevision() < claim.createRevision());
    }

    private List<KeyValue> all(ByteString name) {
        ByteString end = name.concat(ByteString.copyFromUtf8("0")); // the character after the slash
        return state.store().range(KeyRange.of(below(name), end), MvccStore.LATEST);
    }

    private long leaseOrNew(long lease) {
        return lease != LeaseTable.NONE
                ? lease
                : state.leases().grant(LeaseTable.NONE, DEFAULT_TTL_SECONDS).id();
    }
}
