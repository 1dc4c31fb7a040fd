package io.github.grpclb.etcd.announce;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeySpace;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Announces endpoints in etcd, each as a key {@code <prefix><service>/<address>} under a lease of its own. Thread-safe.
 *
 * <p>A weight that an operator puts into a record is kept, everything else that is lost or changed is put back. A key
 * that another live process holds is left alone until that process is gone.
 */
public final class EtcdRegistrar implements EndpointRegistrar {

    /** The shortest time to live of a record: etcd grants no less. */
    public static final Duration MIN_TTL = Duration.ofSeconds(2);

    /** The longest time to live of a record that makes sense: a dead server would be listed for so long. */
    public static final Duration MAX_TTL = Duration.ofHours(1);

    private static final Duration GRACE = Duration.ofMillis(500);

    private final KeySpace keys;
    private final Announcing announcing;
    private final List<String> hosts;
    private final Map<String, EtcdRegistration> open = new HashMap<>();
    private boolean closed;

    /**
     * Creates a registrar. Nothing is dialled before the first registration.
     *
     * @param connection stays the caller's to close, after this
     * @param ttl how long a record outlives its server, from 2 s to 1 h; rounded up to whole seconds, as etcd counts in them
     * @param withdrawTimeout how long a withdrawal may take; more than 0, to 1 h
     * @param observer hears of registrations
     * @throws IllegalValueException if a time is out of its range
     */
    public EtcdRegistrar(EtcdConnection connection, Duration ttl, Duration withdrawTimeout, RegistryObserver observer) {
        this(
                connection.loop(),
                connection.api(),
                connection.options().keySpace(),
                connection.options().hosts(),
                connection.options().callTimeout(),
                ttl,
                withdrawTimeout,
                observer);
    }

    public EtcdRegistrar(
            EtcdLoop loop,
            EtcdApi api,
            KeySpace keys,
            List<String> hosts,
            Duration callTimeout,
            Duration ttl,
            Duration withdrawTimeout,
            RegistryObserver observer) {
        if (ttl.compareTo(MIN_TTL) < 0 || ttl.compareTo(MAX_TTL) > 0) {
            throw new IllegalValueException("ttl", ttl, MIN_TTL.toSeconds() + " s to 1 h");
        }
        if (withdrawTimeout.compareTo(Duration.ZERO) <= 0 || withdrawTimeout.compareTo(MAX_TTL) > 0) {
            throw new IllegalValueException("withdrawTimeout", withdrawTimeout, "more than 0, to 1 h");
        }
        this.keys = keys;
        this.hosts = List.copyOf(hosts);
        this.announcing = new Announcing(
                loop, api, new EndpointCodec(keys), observer, roundedUp(ttl), callTimeout, withdrawTimeout);
    }

    private static Duration roundedUp(Duration ttl) {
        return Duration.ofSeconds(ttl.plusSeconds(1).minusNanos(1).toSeconds());
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalValueException if no client could read the record, such as with a wildcard address
     */
    @Override
    public synchronized Registration register(Endpoint endpoint) {
        if (closed) {
            throw new IllegalStateException("The registrar is closed");
        }
        String key = keys.key(endpoint);
        announcing.codec().canonical(endpoint);
        EtcdRegistration earlier = open.get(key);
        if (earlier != null && earlier.state() != Registration.State.WITHDRAWN) {
            throw new IllegalStateException("'" + LogText.of(key) + "' is registered already");
        }
        EtcdRegistration registration =
                new EtcdRegistration(announcing, key, keys.servicePrefix(endpoint.service()), endpoint);
        open.put(key, registration);
        registration.start();
        return registration;
    }

    @Override
    public List<String> hosts() {
        return hosts;
    }

    @Override
    public void close() {
        Collection<EtcdRegistration> all;
        synchronized (this) {
            closed = true;
            all = List.copyOf(open.values());
            open.clear();
        }
        CompletableFuture<?>[] withdrawals =
                all.stream().map(EtcdRegistration::withdraw).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(withdrawals)
                    .get(announcing.withdrawTimeout().plus(GRACE).toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // each registration has said why; the keys end with their leases
        }
    }
}
