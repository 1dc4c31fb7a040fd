package io.github.grpclb.etcd.consumers;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Consumer;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.follow.Alarm;
import io.github.grpclb.etcd.announce.EtcdLease;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.ConsumerCodec;
import io.github.grpclb.etcd.record.KeySpace;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down in etcd which services this process calls, each as a key of its own, all under one lease. What is to be written is asked for
 * every 2 s; a key is written at once when the process begins to call a service, and after that every 30 s at most. It is looked at as
 * often, and put back where it was lost; with a lease that was lost, at once. Nothing is written, and no lease asked for, before the
 * process calls something.
 */
public final class EtcdConsumers implements AutoCloseable {

    /** Where consumers are unless something else is configured. */
    public static final String DEFAULT_PREFIX = "/grpclb-consumers/";

    /** How long a key outlives its process. */
    public static final Duration DEFAULT_TTL = Duration.ofSeconds(30);

    /** How often is asked what is to be written. */
    static final Duration TICK = Duration.ofSeconds(2);

    /** The least time between two writes of a key, and between two looks at it. */
    static final Duration PACE = Duration.ofSeconds(30);

    /** How many services are written down at most. */
    static final int MOST_SERVICES = 1_000;

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(EtcdConsumers.class);

    private final EtcdLoop loop;
    private final EtcdApi api;
    private final KeySpace keys;
    private final String number;
    private final Supplier<Collection<Consumer>> calls;
    private final EtcdLease lease;
    private final Alarm nextTick;
    private final Map<String, OwnConsumer> own = new HashMap<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private boolean closed;

    /**
     * Begins.
     *
     * @param connection stays the caller's to close, after this
     * @param prefix under which the consumers are, as {@link #keySpace} takes it
     * @param ttl how long a key outlives its process; whole seconds from 2
     * @param number tells this process from others whose consumers have the same instance: letters, digits and hyphens
     * @param calls which services this process calls now, one entry each; called on the registry's thread: it must not block
     * @throws IllegalValueException if there can be no consumers below the prefix
     */
    public EtcdConsumers(
            EtcdConnection connection,
            String prefix,
            Duration ttl,
            String number,
            Supplier<Collection<Consumer>> calls) {
        this(
                connection.loop(),
                connection.api(),
                keySpace(prefix, connection.options().keySpace()),
                connection.options().callTimeout(),
                ttl,
                number,
                calls);
    }

    EtcdConsumers(
            EtcdLoop loop,
            EtcdApi api,
            KeySpace keys,
            Duration callTimeout,
            Duration ttl,
            String number,
            Supplier<Collection<Consumer>> calls) {
        this.loop = loop;
        this.api = api;
        this.keys = keys;
        this.number = number;
        this.calls = calls;
        this.lease = new EtcdLease(loop, api, ttl, callTimeout, new LeaseOwner());
        this.nextTick = new Alarm(loop);
        loop.execute(this::tick);
    }

    /**
     * Returns where consumers are.
     *
     * @param prefix as it is written; the "/" at its end is added where it is missing
     * @param endpoints where endpoints are: no consumer may be taken for one
     * @throws IllegalValueException if there can be no consumers below it
     */
    public static KeySpace keySpace(String prefix, KeySpace endpoints) {
        KeySpace keys = keySpace(prefix);
        keys.requireApart("consumersPrefix", endpoints.prefix(), KeySpace.PROPERTY);
        return keys;
    }

    /**
     * Returns where consumers are, wherever endpoints are.
     *
     * @param prefix as it is written; the "/" at its end is added where it is missing
     * @throws IllegalValueException if there can be no consumers below it
     */
    public static KeySpace keySpace(String prefix) {
        String written = prefix.strip();
        String below = written.endsWith("/") ? written : written + "/";
        if (written.isEmpty() || !KeySpace.isPrefix(below)) {
            throw new IllegalValueException(
                    "consumersPrefix", LogText.of(prefix), "1 to 255 visible characters, such as " + DEFAULT_PREFIX);
        }
        return new KeySpace(below);
    }

    /** Takes all back, within 2 s. Idempotent. */
    @Override
    public void close() {
        if (!loop.execute(this::end)) {
            return;
        }
        try {
            ended.get(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            log.debug("The consumers of this process end with their lease: {}", e.toString());
        }
    }

    void end() {
        if (closed) {
            return;
        }
        closed = true;
        nextTick.cancel();
        own.clear();
        long held = lease.close();
        if (held == 0) {
            ended.complete(null);
        } else {
            loop.when(() -> api.revoke(held), done -> ended.complete(null), ended::completeExceptionally);
        }
    }

    private void tick() {
        if (closed) {
            return;
        }
        nextTick.set(TICK, this::tick);
        loop.foreign(() -> take(calls.get()));
        if (!own.isEmpty()) {
            lease.open(); // where it is not yet
        }
        own.values().removeIf(OwnConsumer::isGone);
        List.copyOf(own.values()).forEach(OwnConsumer::go);
    }

    private void take(Collection<Consumer> wanted) {
        Set<String> services = new HashSet<>();
        for (Consumer each : wanted) {
            if (own.containsKey(each.service()) || own.size() < MOST_SERVICES) {
                services.add(each.service());
                own.computeIfAbsent(each.service(), service -> new OwnConsumer(keyOf(each)))
                        .want(ConsumerCodec.encode(each));
            } else if (loop.logLimit().isNew(EtcdConsumers.class, "most")) {
                log.warn("This process calls more than {} services: the others are not written down", MOST_SERVICES);
            }
        }
        own.forEach((service, consumer) -> {
            if (!services.contains(service)) {
                consumer.want(ByteString.EMPTY);
            }
        });
    }

    private String keyOf(Consumer consumer) {
        String name = consumer.instance().replaceAll("[^\\p{L}\\p{N}._-]", "_");
        return keys.servicePrefix(consumer.service()) + name.substring(0, Math.min(name.length(), 64)) + "~" + number;
    }

    private final class LeaseOwner implements EtcdLease.Owner {

        @Override
        public void leaseHeld() {
            loop.logLimit().over(keys.prefix());
            List.copyOf(own.values()).forEach(OwnConsumer::go);
        }

        @Override
        public void leaseFailed(EtcdException cause) {
            failed(keys.prefix(), cause);
        }

        @Override
        public void leaseLost() {
            // another one is asked for, and all is put back under it
        }
    }

    /** Says once why something cannot be written, until it can. */
    private void failed(String what, EtcdException cause) {
        if (cause.kind() != EtcdException.Kind.UNREACHABLE && loop.logLimit().isNew(what, cause.kind())) {
            log.warn("{} cannot be written: {}; retrying", LogText.of(what), cause.getMessage());
        }
    }

    /** One key of this process. For the loop's thread. */
    private final class OwnConsumer {

        private final String key;

        /** What is to be there; empty: nothing. */
        private ByteString wanted = ByteString.EMPTY;

        /** What was put; empty: nothing. */
        private ByteString written = ByteString.EMPTY;

        private long writtenUnder;
        private boolean everLooked;
        private long lookedAt;
        private boolean busy;

        OwnConsumer(String key) {
            this.key = key;
        }

        void want(ByteString value) {
            wanted = value;
        }

        boolean isGone() {
            return wanted.isEmpty() && written.isEmpty() && !busy && isDue();
        }

        private boolean isDue() {
            return !everLooked || loop.since(lookedAt).compareTo(PACE) >= 0;
        }

        void go() {
            boolean isNewLease = lease.id() != writtenUnder && !wanted.isEmpty() && !written.isEmpty();
            if (closed || busy || lease.state() != EtcdLease.State.HELD || !isDue() && !isNewLease) {
                return;
            }
            if (wanted.isEmpty() && written.isEmpty()) {
                return;
            }
            everLooked = true;
            lookedAt = loop.now();
            busy = true;
            long under = lease.id();
            ByteString value = wanted;
            loop.when(
                    () -> api.get(key).thenCompose(found -> {
                        boolean isRight = found != null
                                && found.lease() == under
                                && found.value().equals(value);
                        if (isRight || found == null && value.isEmpty()) {
                            return CompletableFuture.completedFuture(true);
                        }
                        long revision = found == null ? 0 : found.modRevision();
                        return value.isEmpty()
                                ? api.deleteIfUnchanged(key, revision)
                                : api.putIfUnchanged(key, revision, value, under);
                    }),
                    done -> {
                        busy = false;
                        everLooked = done; // else somebody else was there at the same time
                        if (done) {
                            written = value;
                            writtenUnder = under;
                            loop.logLimit().over(key);
                        }
                    },
                    failure -> {
                        busy = false;
                        everLooked = failure.needsAPerson();
                        if (failure.kind() == EtcdException.Kind.LEASE_GONE) {
                            lease.gone();
                        } else {
                            failed(key, failure);
                        }
                    });
        }
    }
}
