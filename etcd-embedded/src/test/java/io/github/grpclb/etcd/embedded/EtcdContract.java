package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.PutResponse;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.grpc.StatusRuntimeException;
import java.net.URI;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A connection to the etcd under test, and keys that no other test uses. */
abstract class EtcdContract {

    private final String prefix = UUID.randomUUID() + "/";
    RawEtcdClient etcd;

    abstract URI endpoint();

    @BeforeEach
    void connect() {
        etcd = new RawEtcdClient(endpoint());
    }

    @AfterEach
    void disconnect() {
        etcd.close();
    }

    ByteString key(String name) {
        return RawEtcdClient.bytes(prefix + name);
    }

    /** Returns the end of the range of all keys of this test. */
    ByteString keysEnd() {
        return RawEtcdClient.bytes(prefix.replace('/', '0'));
    }

    PutResponse put(String name, String value) {
        return put(name, value, LeaseTable.NONE);
    }

    PutResponse put(String name, String value, long lease) {
        return etcd.kv()
                .put(PutRequest.newBuilder()
                        .setKey(key(name))
                        .setValue(RawEtcdClient.bytes(value))
                        .setLease(lease)
                        .build());
    }

    void delete(String name) {
        etcd.kv().deleteRange(DeleteRangeRequest.newBuilder().setKey(key(name)).build());
    }

    RangeResponse get(String name) {
        return etcd.kv().range(RangeRequest.newBuilder().setKey(key(name)).build());
    }

    long revision() {
        return get("any").getHeader().getRevision();
    }

    /** Grants a lease of a minute. */
    long grant() {
        return etcd.lease()
                .leaseGrant(LeaseGrantRequest.newBuilder().setTTL(60).build())
                .getID();
    }

    void revoke(long lease) {
        etcd.lease().leaseRevoke(LeaseRevokeRequest.newBuilder().setID(lease).build());
    }

    /** Waits for the end of a call that was begun. */
    static <T> T get(Future<T> call) {
        try {
            return call.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
        } catch (InterruptedException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    String name(KeyValue kv) {
        return kv.getKey().toStringUtf8().substring(prefix.length());
    }

    List<String> names(List<KeyValue> kvs) {
        return kvs.stream().map(this::name).toList();
    }

    /** For services that real etcds of some versions give no code of their own. */
    static void assertThatItFails(Future<?> call, String text) {
        assertThatThrownBy(() -> get(call))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageEndingWith(": " + text);
    }

    static void assertRefused(ThrowingCallable call, String codeAndText) {
        assertThatThrownBy(call).isInstanceOf(StatusRuntimeException.class).hasMessage(codeAndText);
    }
}
