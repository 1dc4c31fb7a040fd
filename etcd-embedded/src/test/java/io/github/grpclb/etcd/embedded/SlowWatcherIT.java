package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.WatchCreateRequest;
import org.junit.jupiter.api.Test;

class SlowWatcherIT {

    private static final int PUTS = 2_000;

    /** So large that the puts together are far more than any buffer on the way. */
    private static final ByteString VALUE = ByteString.copyFrom(new byte[8 * 1024]);

    @Test
    void hindersNobodyAndIsToldEverythingWhenItReadsAgain() {
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start("127.0.0.1", 0);
                RawEtcdClient slow = new RawEtcdClient(etcd.endpoint());
                RawEtcdClient other = new RawEtcdClient(etcd.endpoint());
                WatchCall unread = slow.watchUnread();
                WatchCall read = other.watch()) {
            unread.request(watchOfKey());
            read.create(watchOfKey());

            for (int i = 0; i < PUTS; i++) {
                other.kv()
                        .put(PutRequest.newBuilder()
                                .setKey(RawEtcdClient.bytes("key"))
                                .setValue(VALUE)
                                .build());
            }

            assertThat(read.events(0, PUTS)).hasSize(PUTS);
            assertThat(unread.responses()).isEmpty();
            unread.readAll();
            // waits for their number: a comparison that fails prints megabytes, for seconds each time
            assertThat(unread.events(0, PUTS)).isEqualTo(read.events(0));
        }
    }

    private static WatchCreateRequest.Builder watchOfKey() {
        return WatchCreateRequest.newBuilder()
                .setKey(RawEtcdClient.bytes("key"))
                .setStartRevision(1);
    }
}
