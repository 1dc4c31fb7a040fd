package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.ResponseHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Keys, leases and those who want to know of each commit: all that the services share. Not thread-safe. */
final class EtcdState {

    private final Identity member = Identity.random();
    private final MvccStore store;
    private final LeaseTable leases;
    private final Operations operations;
    private final List<Runnable> commitListeners = new ArrayList<>();

    /**
     * Creates an empty state.
     *
     * @param historyLimit how many revisions are kept
     * @param nanoTime the clock of the leases
     */
    EtcdState(int historyLimit, LongSupplier nanoTime) {
        this.store = new MvccStore(historyLimit);
        this.leases = new LeaseTable(nanoTime);
        this.operations = new Operations(store, leases);
    }

    Identity member() {
        return member;
    }

    MvccStore store() {
        return store;
    }

    LeaseTable leases() {
        return leases;
    }

    Operations operations() {
        return operations;
    }

    /** Returns the header of an answer given now. */
    ResponseHeader header() {
        return member.header(store.revision());
    }

    /** Calls a listener after each revision that is made. */
    void onCommit(Runnable listener) {
        commitListeners.add(listener);
    }

    /** Makes one revision of all that a request writes, and tells the listeners. */
    <T> T write(Supplier<T> request) {
        T response = request.get();
        if (store.commit()) {
            commitListeners.forEach(Runnable::run);
        }
        return response;
    }

    /** Ends the leases whose time is over, in one revision each. */
    void expireLeases() {
        for (long id : leases.expired()) {
            revoke(id);
        }
    }

    /**
     * Ends a lease, and its keys in one revision.
     *
     * @throws RefusedException if there is none with this id
     */
    void revoke(long leaseId) {
        write(() -> operations.revoke(leaseId));
    }
}
