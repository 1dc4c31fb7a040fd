package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.LeaseTimeToLiveRequest;
import io.etcd.jetcd.api.LeaseTimeToLiveResponse;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.github.grpclb.testing.EtcdServer;
import io.github.grpclb.testing.EtcdServers;
import io.grpc.StatusRuntimeException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same random requests are sent to a real etcd and to the embedded one; every answer must be the same. */
class EtcdEquivalenceIT {

    private static final int REQUESTS = 3_000;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void answersEveryRequestAsARealEtcdDoes(long seed) {
        try (EtcdServer realServer = EtcdServers.start();
                RawEtcdClient real = new RawEtcdClient(realServer.endpoint());
                EmbeddedEtcd embeddedServer = EmbeddedEtcd.start("127.0.0.1", 0);
                RawEtcdClient embedded = new RawEtcdClient(embeddedServer.endpoint());
                WatchCall realWatch = real.watch();
                WatchCall embeddedWatch = embedded.watch()) {
            realWatch.create(everything());
            embeddedWatch.create(everything());
            RandomRequests requests = new RandomRequests(seed);

            for (int i = 0; i < REQUESTS; i++) {
                Message request = requests.next();
                Object expected = outcome(real, request);
                assertThat(outcome(embedded, request))
                        .as("request %d of seed %d: %s", i, seed, request)
                        .isEqualTo(expected);
                requests.revisionIs(revision(embedded));
            }

            embeddedWatch.requestProgress();
            embeddedWatch.first(response -> response.getWatchId() == -1);
            List<Event> told = embeddedWatch.events(0);
            assertThat(realWatch.events(0, told.size())).isEqualTo(told);
        }
    }

    private static WatchCreateRequest.Builder everything() {
        return WatchCreateRequest.newBuilder().setKey(RawEtcdClient.bytes("\0")).setRangeEnd(RawEtcdClient.bytes("\0"));
    }

    private static long revision(RawEtcdClient client) {
        return client.kv()
                .range(RangeRequest.newBuilder()
                        .setKey(RawEtcdClient.bytes("k"))
                        .build())
                .getHeader()
                .getRevision();
    }

    private static Object outcome(RawEtcdClient client, Message request) {
        try {
            return withoutIds(call(client, request));
        } catch (StatusRuntimeException refused) {
            return refused.getStatus().getCode() + " " + refused.getStatus().getDescription();
        }
    }

    private static Message call(RawEtcdClient client, Message request) {
        if (request instanceof PutRequest put) {
            return client.kv().put(put);
        } else if (request instanceof RangeRequest range) {
            return client.kv().range(range);
        } else if (request instanceof DeleteRangeRequest delete) {
            return client.kv().deleteRange(delete);
        } else if (request instanceof TxnRequest txn) {
            return client.kv().txn(txn);
        } else if (request instanceof CompactionRequest compaction) {
            return client.kv().compact(compaction);
        } else if (request instanceof LeaseGrantRequest grant) {
            return client.lease().leaseGrant(grant);
        } else if (request instanceof LeaseRevokeRequest revoke) {
            return client.lease().leaseRevoke(revoke);
        } else if (request instanceof LeaseTimeToLiveRequest timeToLive) {
            return sorted(client.lease().leaseTimeToLive(timeToLive));
        }
        throw new IllegalArgumentException("unknown request " + request);
    }

    /** etcd keeps a lease's keys in no order, and its time left depends on the time of the call. */
    private static Message sorted(LeaseTimeToLiveResponse response) {
        return response.toBuilder()
                .clearKeys()
                .addAllKeys(
                        response.getKeysList().stream().sorted(KeyRange.ORDER).toList())
                .setTTL(Long.signum(response.getTTL()))
                .build();
    }

    private static Message withoutIds(Message response) {
        FieldDescriptor header = response.getDescriptorForType().findFieldByName("header");
        ResponseHeader withRevision = ResponseHeader.newBuilder()
                .setRevision(((ResponseHeader) response.getField(header)).getRevision())
                .build();
        return response.toBuilder().setField(header, withRevision).build();
    }
}
