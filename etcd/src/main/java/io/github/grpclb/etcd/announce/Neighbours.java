package io.github.grpclb.etcd.announce;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import io.github.grpclb.etcd.record.SameIds;
import java.util.concurrent.CompletableFuture;

/** What else is registered for the service of one registration. For the loop's thread. */
final class Neighbours {

    private static final int MOST = 1000;

    private final EtcdLoop loop;
    private final EtcdApi api;
    private final EndpointCodec codec;
    private final String key;
    private final String servicePrefix;
    private final SameIds sameIds;

    Neighbours(Announcing announcing, String key, String servicePrefix) {
        this.loop = announcing.loop();
        this.api = announcing.api();
        this.codec = announcing.codec();
        this.key = key;
        this.servicePrefix = servicePrefix;
        this.sameIds = new SameIds(loop.logLimit());
    }

    /** Completes a future with whether there are any; true, too, where etcd does not say. */
    void areThere(CompletableFuture<Boolean> others) {
        loop.when(
                () -> api.list(servicePrefix, ByteString.EMPTY, 2, 0),
                page -> others.complete(page.next() != null
                        || page.records().stream()
                                .anyMatch(record -> !record.key().equals(key))),
                failure -> others.complete(true));
    }

    /**
     * Looks whether one of them has this one's id: a second process with the same configuration, or a record of this one under
     * another name. One page is read, and none where the id is the address.
     */
    void lookForId(Endpoint own) {
        if (own.id() != null && !own.id().equals(own.address())) {
            loop.when(
                    () -> api.ifAllowed().list(servicePrefix, ByteString.EMPTY, MOST, 0),
                    page -> page.records().forEach(record -> compare(own, record)),
                    failure -> {});
        }
    }

    private void compare(Endpoint own, KeyValue record) {
        try {
            Endpoint other = codec.decode(own.service(), record, leftOut -> {});
            if (other.state() == Endpoint.State.UP) {
                sameIds.look(own.toBuilder().key(key).build(), other);
            }
        } catch (MalformedRecordException e) {
            // it is nobody's
        }
    }
}
