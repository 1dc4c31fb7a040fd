package io.github.grpclb.test;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A server's registration in a fake registry. All of it belongs to the registry's lock, which the interface's methods take. */
final class FakeRegistration implements Registration {

    /** What a registration asks of its registry, which holds the lock meanwhile. */
    interface Registry {

        /** Returns why the registry does not answer, or null while it does. */
        @Nullable
        String unreachableBecause();

        /** Writes a registered endpoint's record. */
        void write(Endpoint endpoint);

        /** Forgets a registration, and deletes its record. */
        void withdraw(FakeRegistration registration);

        /** Says whether another server of an endpoint's service is listed. */
        boolean hasOthers(Endpoint endpoint);
    }

    private final Object lock;
    private final Registry registry;
    private final CompletableFuture<Void> registered = new CompletableFuture<>();

    /** Done where the registry has the endpoint as it is. */
    private CompletableFuture<Void> updated = registered;

    private @Nullable CompletableFuture<Void> withdrawn;
    private Endpoint endpoint;
    private State state = State.PENDING;
    private long since = System.nanoTime();

    FakeRegistration(Object lock, Registry registry, Endpoint endpoint) {
        this.lock = lock;
        this.registry = registry;
        this.endpoint = endpoint;
    }

    static boolean isAtAddressOf(Endpoint one, Endpoint other) {
        return one.service().equals(other.service()) && one.address().equals(other.address());
    }

    /** The registry has the endpoint as it is. */
    void isRegistered() {
        become(State.REGISTERED);
        registered.complete(null);
        updated.complete(null);
    }

    /** The registry has lost the endpoint. */
    void isLost() {
        become(State.PENDING);
    }

    /** Somebody has written another record in its place, to which it keeps. */
    void isEdited(Endpoint record) {
        endpoint = record;
    }

    private void become(State next) {
        if (state != next) {
            state = next;
            since = System.nanoTime();
        }
    }

    @Override
    public State state() {
        synchronized (lock) {
            return state;
        }
    }

    @Override
    public Status status() {
        synchronized (lock) {
            String unreachable = registry.unreachableBecause();
            boolean visible = state == State.REGISTERED && unreachable == null;
            return new Status(
                    state,
                    Duration.ofNanos(System.nanoTime() - since),
                    unreachable,
                    visible,
                    visible ? Duration.ZERO : null);
        }
    }

    @Override
    public Endpoint endpoint() {
        synchronized (lock) {
            return endpoint;
        }
    }

    @Override
    public CompletableFuture<Void> registered() {
        return registered;
    }

    @Override
    public CompletableFuture<Void> update(Endpoint changed) {
        synchronized (lock) {
            if (!isAtAddressOf(endpoint, changed)) {
                throw new IllegalValueException("endpoint", changed, endpoint.service() + " at " + endpoint.address());
            }
            if (withdrawn != null) {
                return CompletableFuture.completedFuture(null);
            }
            endpoint = changed;
            if (state == State.REGISTERED && registry.unreachableBecause() == null) {
                registry.write(changed);
                return CompletableFuture.completedFuture(null);
            }
            if (updated.isDone()) {
                updated = new CompletableFuture<>();
            }
            return updated;
        }
    }

    @Override
    public CompletableFuture<Boolean> hasOthers() {
        synchronized (lock) {
            return CompletableFuture.completedFuture(
                    registry.unreachableBecause() != null || registry.hasOthers(endpoint));
        }
    }

    /** While the registry is away this fails at once; the record is gone when it answers again, as a lease would be. */
    @Override
    public CompletableFuture<Void> withdraw() {
        synchronized (lock) {
            CompletableFuture<Void> result = withdrawn;
            if (result == null) {
                String unreachable = registry.unreachableBecause();
                result = unreachable == null
                        ? CompletableFuture.completedFuture(null)
                        : CompletableFuture.failedFuture(new IllegalStateException(unreachable));
                withdrawn = result;
                become(State.WITHDRAWN);
                registered.cancel(false);
                updated.cancel(false);
                registry.withdraw(this);
            }
            return result;
        }
    }
}
