package io.github.grpclb.test;

import static io.github.grpclb.test.FakeRegistration.isAtAddressOf;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.ServiceName;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A registry within a process that a test drives: it lists what is {@linkplain #put put} there and what servers {@linkplain #register
 * register}, loses it, stops answering, and answers again. Nothing in it happens by itself or later: whoever follows a service has been
 * told when a method returns.
 *
 * <p>In a Spring Boot test one bean takes the place of etcd, for clients and servers:
 *
 * <pre>{@code
 * @Bean
 * FakeRegistry registry() {
 *     return new FakeRegistry();
 * }
 * }</pre>
 *
 * Where several applications of a test are to meet, each has a bean of the same object, with {@code destroyMethod = ""}: else the first
 * that ends would close it for all.
 *
 * <p>A server is named by its id, or by its address where it has none. Thread-safe; listeners are called on the thread of whoever
 * changes something, and what they throw comes out there.
 */
public final class FakeRegistry implements EndpointSource, EndpointRegistrar {

    private static final String UNREACHABLE = "the fake registry is unreachable";

    private final String scheme;
    private final FakeRecords records = new FakeRecords();
    private final FakeFollowers followers = new FakeFollowers(this, records);

    /** What the test has put here and what has expired since, by address. */
    private final List<Endpoint> expired = new ArrayList<>();

    private final List<FakeRegistration> registrations = new ArrayList<>();
    private boolean reachable = true;
    private boolean closed;

    /** Creates an empty registry for the targets that etcd has, such as {@code etcd:///greeter}. */
    public FakeRegistry() {
        this(EndpointSource.DEFAULT_SCHEME);
    }

    /**
     * Creates an empty registry.
     *
     * @param scheme of the targets that it resolves
     */
    public FakeRegistry(String scheme) {
        this.scheme = scheme;
    }

    /** Registers servers, or replaces what is registered at their addresses: all in one list. */
    public synchronized void put(Endpoint... endpoints) {
        records.beginChange();
        for (Endpoint endpoint : endpoints) {
            expired.removeIf(each -> isAtAddressOf(endpoint, each));
            FakeRegistration owner = owner(endpoint);
            if (owner != null) {
                owner.isEdited(endpoint);
            }
            records.write(endpoint);
        }
        publish();
    }

    /**
     * Changes a server's weight, as an operator does.
     *
     * @param server id or address
     * @param weight 0 to {@link Endpoint#MAX_WEIGHT}
     * @throws IllegalValueException if there is no such server, or the weight is out of its range
     */
    public synchronized void setWeight(String service, String server, int weight) {
        put(find(service, server, endpoints(service)).toBuilder().weight(weight).build());
    }

    /**
     * Deregisters a server on purpose, whether it is listed or has expired: it is not waited for. One that registered itself is back with
     * {@link #recover}.
     *
     * @param server id or address
     * @throws IllegalValueException if there is no such server
     */
    public synchronized void remove(String service, String server) {
        List<Endpoint> all = new ArrayList<>(endpoints(service));
        expired.stream().filter(each -> each.service().equals(service)).forEach(all::add);
        Endpoint endpoint = find(service, server, all);
        expired.remove(endpoint);
        FakeRegistration owner = owner(endpoint);
        if (owner != null) {
            owner.isLost();
        }
        deregister(endpoint);
    }

    /**
     * Lets the keys of all servers of a service vanish together, as where their leases ran out. The servers themselves live on: they are
     * back with {@link #recover}.
     */
    public synchronized void expire(String service) {
        records.beginChange();
        for (Endpoint endpoint : endpoints(service)) {
            records.delete(service, endpoint.address());
            FakeRegistration owner = owner(endpoint);
            if (owner != null) {
                owner.isLost();
            } else {
                expired.add(endpoint);
            }
        }
        publish();
    }

    /**
     * Stops answering, until {@link #recover}. Whoever knows a list is told so and keeps it; whoever begins to follow a service that nobody
     * followed before has none. What changes meanwhile is told afterwards; what registers meanwhile is registered then.
     */
    public synchronized void outage() {
        if (reachable) {
            reachable = false;
            followers.tellReachable(false);
        }
    }

    /** Answers again, and has every server that lives put back what was lost of it. */
    public synchronized void recover() {
        records.beginChange();
        expired.forEach(records::write);
        expired.clear();
        registrations.forEach(each -> records.write(each.endpoint()));
        if (!reachable) {
            reachable = true;
            followers.tellReachable(true);
        }
        publish();
        List.copyOf(registrations).forEach(FakeRegistration::isRegistered);
    }

    /** Returns what is registered of a service, in the order of the addresses, with key and create revision. */
    public synchronized List<Endpoint> endpoints(String service) {
        return records.of(service);
    }

    @Override
    public String scheme() {
        return scheme;
    }

    @Override
    public synchronized Subscription subscribe(String service, EndpointListener listener) {
        requireOpen();
        if (!ServiceName.isValid(service)) {
            throw new IllegalValueException("service", service, ServiceName.EXPECTED);
        }
        boolean known = followers.know(service);
        Subscription subscription = followers.add(service, listener);
        publish();
        if (!reachable && known) {
            listener.onReachable(false);
        } else if (!reachable) {
            listener.onUnavailable(UNREACHABLE);
        }
        return subscription;
    }

    @Override
    public synchronized Registration register(Endpoint endpoint) {
        requireOpen();
        FakeRegistration registration = new FakeRegistration(this, new Ours(), endpoint);
        registrations.add(registration);
        if (reachable) {
            put(endpoint);
            registration.isRegistered();
        }
        return registration;
    }

    /** Withdraws what registered itself, and tells nobody any more. Idempotent. */
    @Override
    public synchronized void close() {
        List.copyOf(registrations).forEach(FakeRegistration::withdraw);
        followers.clear();
        closed = true;
    }

    private void deregister(Endpoint endpoint) {
        records.beginChange();
        Endpoint record = records.delete(endpoint.service(), endpoint.address());
        if (record != null && reachable) {
            followers.tell(endpoint.service(), listener -> listener.onDeregistered(record));
        }
        publish();
    }

    private void publish() {
        if (reachable) {
            followers.publish();
        }
    }

    private @Nullable FakeRegistration owner(Endpoint endpoint) {
        return registrations.stream()
                .filter(each -> isAtAddressOf(endpoint, each.endpoint()))
                .findFirst()
                .orElse(null);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The fake registry is closed");
        }
    }

    private static Endpoint find(String service, String server, List<Endpoint> endpoints) {
        return endpoints.stream()
                .filter(each -> each.identity().name().equals(server))
                .findFirst()
                .orElseThrow(() -> new IllegalValueException(
                        "server",
                        server,
                        "one of "
                                + endpoints.stream()
                                        .map(each -> each.identity().name())
                                        .toList() + ", the servers of " + service));
    }

    /** What registrations ask for, under the lock. */
    private final class Ours implements FakeRegistration.Registry {

        @Override
        public @Nullable String unreachableBecause() {
            return reachable ? null : UNREACHABLE;
        }

        @Override
        public void write(Endpoint endpoint) {
            put(endpoint);
        }

        @Override
        public void withdraw(FakeRegistration registration) {
            registrations.remove(registration);
            deregister(registration.endpoint());
        }

        @Override
        public boolean hasOthers(Endpoint endpoint) {
            return endpoints(endpoint.service()).stream().anyMatch(each -> !isAtAddressOf(endpoint, each));
        }
    }
}
