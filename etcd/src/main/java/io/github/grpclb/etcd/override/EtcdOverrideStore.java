package io.github.grpclb.etcd.override;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.OverrideStore;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Overrides that operators put into etcd, each under a lease of its own that nobody keeps alive: whoever put it may die, and it ends all
 * the same. Nothing is written below the endpoints' prefix, and nothing but what is called {@code <prefix><service>/<name>}.
 *
 * <p>Futures complete on the connection's own thread: what follows one hands over and returns. Thread-safe.
 */
public final class EtcdOverrideStore implements OverrideStore {

    /** The shortest time that an override can be for. */
    public static final Duration SHORTEST = Duration.ofSeconds(1);

    private final EtcdLoop loop;
    private final Records records;
    private final KeySpace keys;
    private final OverrideCodec codec;
    private final Supplier<Instant> clock;

    /**
     * Creates a store. Nothing is dialled before the first call.
     *
     * @param connection stays the caller's to close
     * @param prefix below which overrides are, with or without the "/" at its end; apart from that of the connection
     * @throws IllegalValueException if the prefix cannot be one, or overlaps that of the endpoints
     */
    public EtcdOverrideStore(EtcdConnection connection, String prefix) {
        this(
                connection.loop(),
                connection.api(),
                connection.options().keySpace(),
                OverridePrefix.of(prefix, connection.options().keySpace()),
                Instant::now);
    }

    EtcdOverrideStore(EtcdLoop loop, EtcdApi api, KeySpace endpoints, KeySpace keys, Supplier<Instant> clock) {
        this.loop = loop;
        this.keys = keys;
        this.codec = new OverrideCodec(keys);
        this.records = new Records(loop, api, endpoints, keys);
        this.clock = clock;
    }

    /**
     * {@inheritDoc} An override that is put over another one ends that one, whose time does not count any more. Where it would leave the
     * service without a server that takes calls, as far as etcd knows its servers, it is refused, unless that is forced; so it is
     * when two operators do half of that each at the same time.
     */
    @java.lang.Override
    public CompletableFuture<Override> put(Draft draft) {
        CompletableFuture<Override> done = new CompletableFuture<>();
        try {
            Override wanted = wanted(draft);
            inLoop(done, () -> new Putting(records, wanted, draft.force(), done).start());
        } catch (IllegalValueException e) {
            done.completeExceptionally(e);
        }
        return done;
    }

    private Override wanted(Draft draft) {
        Duration duration = draft.duration();
        if (duration.compareTo(SHORTEST) < 0 || duration.compareTo(Override.LONGEST) > 0) {
            throw new IllegalValueException("duration", duration, "1 s to " + Override.LONGEST.toDays() + " d");
        }
        String name = OverrideName.of(draft);
        String key = OverrideName.key(keys, draft.service(), name);
        Instant since = clock.get().truncatedTo(ChronoUnit.MILLIS);
        Instant until = since.plus(duration).truncatedTo(ChronoUnit.MILLIS);
        Override wanted = new Override(
                draft.service(),
                name,
                draft.selector(),
                draft.effect(),
                draft.author(),
                draft.reason(),
                since,
                until,
                key,
                0);
        try {
            codec.decode(draft.service(), new KeyValue(key, codec.encode(wanted, draft.force()), 0, 0, 0));
        } catch (MalformedRecordException e) {
            throw e.asRefusal();
        }
        return wanted;
    }

    /**
     * {@inheritDoc} Its lease ends with it, unless something else goes with that, too. An override that nobody can read can be ended so,
     * as well.
     */
    @java.lang.Override
    public CompletableFuture<Boolean> delete(String service, String name) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        try {
            String key = OverrideName.key(keys, service, name);
            inLoop(done, () -> new Deleting(records, service, key, done).start());
        } catch (IllegalValueException e) {
            done.completeExceptionally(e);
        }
        return done;
    }

    /** {@inheritDoc} Those of a service are in order of their names, and the services in that of theirs; what cannot be read is left out. */
    @java.lang.Override
    public CompletableFuture<List<Override>> list(@Nullable String service) {
        CompletableFuture<List<Override>> done = new CompletableFuture<>();
        try {
            String prefix = service == null ? keys.prefix() : keys.servicePrefix(service);
            inLoop(
                    done,
                    () -> records.read(
                            prefix,
                            key -> OverridePrefix.service(keys, key) != null
                                    && (service == null || KeySpace.isBelow(prefix, key)),
                            page -> done.complete(page.records().stream()
                                    .flatMap(this::decoded)
                                    .toList()),
                            done::completeExceptionally));
        } catch (IllegalValueException e) {
            done.completeExceptionally(e);
        }
        return done;
    }

    private Stream<Override> decoded(KeyValue record) {
        String service = OverridePrefix.service(keys, record.key());
        return service == null ? Stream.empty() : records.decoded(service, record);
    }

    /** Does something in the loop, which may have ended. */
    private void inLoop(CompletableFuture<?> done, Runnable task) {
        boolean runs = loop.execute(() -> {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                done.completeExceptionally(loop.caught(e));
            }
        });
        if (!runs) {
            done.completeExceptionally(new IllegalStateException("The connection to etcd is closed"));
        }
    }
}
