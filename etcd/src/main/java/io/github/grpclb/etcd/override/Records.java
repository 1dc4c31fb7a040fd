package io.github.grpclb.etcd.override;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdKeys;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.follow.PagedRead;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import io.github.grpclb.override.Override;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What operators do in etcd. That etcd refuses it to this user is told to them, and is not the trouble of this process. For the loop's
 * thread.
 */
final class Records {

    private final EtcdLoop loop;
    private final EtcdApi api;
    private final EtcdKeys etcd;
    private final KeySpace endpoints;
    private final KeySpace overrides;
    private final EndpointCodec endpointCodec;
    private final OverrideCodec codec;

    Records(EtcdLoop loop, EtcdApi api, KeySpace endpoints, KeySpace overrides) {
        this.loop = loop;
        this.api = api;
        this.etcd = api.ifAllowed();
        this.endpoints = endpoints;
        this.overrides = overrides;
        this.endpointCodec = new EndpointCodec(endpoints);
        this.codec = new OverrideCodec(overrides);
    }

    /** Reads all records whose keys are meant. */
    void read(
            String prefix,
            Predicate<String> keys,
            Consumer<EtcdApi.Page> succeeded,
            Consumer<? super EtcdException> failed) {
        PagedRead.start(
                loop, etcd, prefix, keys, succeeded, failure -> failed.accept(of(failure, "reading " + prefix)));
    }

    /** Reads the overrides of a service, also those that say nothing. */
    void readOverrides(String service, Consumer<EtcdApi.Page> succeeded, Consumer<? super EtcdException> failed) {
        String prefix = overrides.servicePrefix(service);
        read(prefix, key -> KeySpace.isBelow(prefix, key), succeeded, failed);
    }

    /** Reads the servers of a service, no address twice. */
    void readEndpoints(String service, Consumer<List<Endpoint>> succeeded, Consumer<? super EtcdException> failed) {
        String prefix = endpoints.servicePrefix(service);
        read(
                prefix,
                key -> KeySpace.isBelow(prefix, key),
                page -> {
                    Map<String, Endpoint> newest = new HashMap<>();
                    for (KeyValue record : page.records()) {
                        Endpoint endpoint = endpoint(service, record);
                        if (endpoint != null) {
                            newest.merge(endpoint.address(), endpoint, BinaryOperator.maxBy(Endpoint.NEWEST_LAST));
                        }
                    }
                    succeeded.accept(List.copyOf(newest.values()));
                },
                failed);
    }

    private @Nullable Endpoint endpoint(String service, KeyValue record) {
        try {
            return endpointCodec.decode(service, record, leftOut -> {});
        } catch (MalformedRecordException e) {
            return null; // nobody calls it
        }
    }

    /** Returns what a record says, if anything. */
    Stream<Override> decoded(String service, KeyValue record) {
        try {
            return Stream.of(codec.decode(service, record));
        } catch (MalformedRecordException e) {
            return Stream.empty(); // nobody heeds it; who follows the service has said so
        }
    }

    void grant(Duration ttl, Consumer<EtcdApi.Lease> succeeded, Consumer<? super EtcdException> failed) {
        loop.when(() -> api.grant(ttl), succeeded, failed::accept);
    }

    /** Puts an override under a lease, if none of its service was put after a revision; tells at which one it was, or 0. */
    void put(
            Override wanted,
            boolean force,
            long lease,
            long revision,
            Consumer<Long> succeeded,
            Consumer<? super EtcdException> failed) {
        String prefix = overrides.servicePrefix(wanted.service());
        ByteString value = codec.encode(wanted, force);
        loop.when(
                () -> etcd.putIfNoneNewer(wanted.key(), value, lease, prefix, revision),
                succeeded,
                failure -> failed.accept(of(failure, "writing " + wanted.key())));
    }

    /** Deletes a record if it is still as it was read; tells whether it was. */
    void delete(KeyValue record, Consumer<Boolean> succeeded, Consumer<? super EtcdException> failed) {
        loop.when(
                () -> etcd.deleteIfUnchanged(record.key(), record.modRevision()),
                succeeded,
                failure -> failed.accept(of(failure, "deleting " + record.key())));
    }

    /** Ends a lease with which nothing goes any more. Where that is not known it ends by itself. */
    void endUnused(long lease, Runnable then) {
        if (lease == 0) {
            then.run();
            return;
        }
        loop.when(
                () -> api.keysOf(lease),
                keys -> {
                    if (keys.isEmpty()) {
                        end(lease, then);
                    } else {
                        then.run();
                    }
                },
                failure -> then.run());
    }

    /** Ends a lease with all that goes with it. Where that fails it ends by itself. */
    void end(long lease, Runnable then) {
        loop.when(() -> api.revoke(lease), done -> then.run(), failure -> then.run());
    }

    private static EtcdException of(EtcdException failure, String what) {
        return failure.needsAPerson()
                ? new EtcdException(failure.kind(), failure.getMessage() + " (" + LogText.of(what) + ")", failure)
                : failure;
    }
}
