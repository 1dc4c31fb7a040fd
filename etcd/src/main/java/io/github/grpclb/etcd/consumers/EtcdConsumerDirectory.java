package io.github.grpclb.etcd.consumers;

import io.github.grpclb.discovery.Consumer;
import io.github.grpclb.discovery.ConsumerDirectory;
import io.github.grpclb.etcd.client.BoundedRead;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.ConsumerCodec;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The consumers that processes have written down in etcd. Thread-safe. */
public final class EtcdConsumerDirectory implements ConsumerDirectory {

    private static final int PAGE_SIZE = 1_000;

    private final EtcdLoop loop;
    private final EtcdApi api;
    private final KeySpace keys;
    private final ConsumerCodec codec;

    /**
     * Creates a directory. Nothing is dialled before the first question.
     *
     * @param connection stays the caller's to close
     * @param prefix under which the consumers are, as {@link EtcdConsumers#keySpace} takes it
     * @throws io.github.grpclb.discovery.IllegalValueException if there can be no consumers below it
     */
    public EtcdConsumerDirectory(EtcdConnection connection, String prefix) {
        this(
                connection.loop(),
                connection.api(),
                EtcdConsumers.keySpace(prefix, connection.options().keySpace()));
    }

    EtcdConsumerDirectory(EtcdLoop loop, EtcdApi api, KeySpace keys) {
        this.loop = loop;
        this.api = api;
        this.keys = keys;
        this.codec = new ConsumerCodec(keys);
    }

    @Override
    public CompletableFuture<Consumers> consumers(@Nullable String service) {
        String prefix = service == null ? keys.prefix() : keys.servicePrefix(service);
        Found found = new Found(service);
        return BoundedRead.start(
                        loop,
                        (from, limit, revision) -> api.ifAllowed().list(prefix, from, limit, revision),
                        PAGE_SIZE,
                        found::take)
                .thenApply(end -> new Consumers(end.revision(), found.consumers, found.unreadable, end.complete()));
    }

    /** What was found so far. */
    private final class Found {

        private final @Nullable String wanted;
        private final List<Consumer> consumers = new ArrayList<>();
        private int unreadable;

        Found(@Nullable String wanted) {
            this.wanted = wanted;
        }

        boolean take(KeyValue record) {
            if (wanted != null && !wanted.equals(keys.serviceOf(record.key()))) {
                return true; // of a service whose name goes on where this one's ends
            }
            try {
                consumers.add(codec.decode(record));
            } catch (MalformedRecordException e) {
                unreadable++;
            }
            return consumers.size() + unreadable < MOST_CONSUMERS;
        }
    }
}
