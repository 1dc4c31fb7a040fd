package io.github.grpclb.etcd.announce;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.record.EndpointCodec;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The key of one registration, as etcd has it and as it should be. Every put is guarded by what was seen, so that nobody else's record
 * is ever overwritten unseen. For the loop's thread.
 */
final class OwnKey {

    /** An endpoint as it is written, and as a reader has it. */
    private record Encoded(Endpoint endpoint, ByteString value, Endpoint canonical) {}

    private final EtcdApi api;
    private final EndpointCodec codec;
    private final String key;

    private @Nullable Encoded encoded;
    private ByteString written = ByteString.EMPTY;

    OwnKey(EtcdApi api, EndpointCodec codec, String key) {
        this.api = api;
        this.codec = codec;
        this.key = key;
    }

    /**
     * Reads the key.
     *
     * @param wanted what is to be announced, asked for once the key was read
     * @param lease the lease that is held
     * @return ends in what was found
     */
    CompletableFuture<FoundRecord> look(Supplier<Endpoint> wanted, long lease) {
        return api.get(key).thenApply(found -> {
            Encoded should = encode(wanted.get());
            FoundRecord record = FoundRecord.judge(
                    found, new FoundRecord.Wanted(should.canonical(), should.value(), written, lease), codec);
            if (record instanceof FoundRecord.Good) {
                written = should.value();
            }
            return record;
        });
    }

    /** Writes an endpoint under a lease if the key is still as it was found; completes with whether it was written. */
    CompletableFuture<Boolean> put(Endpoint wanted, long lease, FoundRecord found) {
        ByteString value = encode(wanted).value();
        return api.putIfUnchanged(key, found.modRevision(), value, lease).thenApply(done -> {
            if (done) {
                written = value;
            }
            return done;
        });
    }

    /** Returns what was last put, or found as it should be; empty before that. */
    ByteString written() {
        return written;
    }

    private Encoded encode(Endpoint endpoint) {
        Encoded known = encoded;
        if (known == null || known.endpoint() != endpoint) {
            known = new Encoded(endpoint, codec.encode(endpoint), codec.canonical(endpoint));
            encoded = known;
        }
        return known;
    }
}
