package io.github.grpclb.testing;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.api.AuthEnableRequest;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthRoleAddRequest;
import io.etcd.jetcd.api.AuthRoleGrantPermissionRequest;
import io.etcd.jetcd.api.AuthUserAddRequest;
import io.etcd.jetcd.api.AuthUserGrantRoleRequest;
import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.MemberListResponse;
import io.etcd.jetcd.api.Permission;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.options.OptionsUtil;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import java.net.URI;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** An operator's hands on a real etcd, independent of the code under test. */
public final class RawEtcd implements AutoCloseable {

    /** jetcd has no such method; what it answers has the form of a list of members. */
    private static final MethodDescriptor<Empty, MemberListResponse> LEASES =
            MethodDescriptor.<Empty, MemberListResponse>newBuilder()
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName(MethodDescriptor.generateFullMethodName(LeaseGrpc.SERVICE_NAME, "LeaseLeases"))
                    .setRequestMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
                    .setResponseMarshaller(ProtoUtils.marshaller(MemberListResponse.getDefaultInstance()))
                    .build();

    private final ManagedChannel channel;

    public RawEtcd(URI endpoint) {
        this.channel = NettyChannelBuilder.forAddress(endpoint.getHost(), endpoint.getPort())
                .usePlaintext()
                .build();
    }

    public void put(String key, String value) {
        kv().put(PutRequest.newBuilder()
                .setKey(bytes(key))
                .setValue(bytes(value))
                .build());
    }

    /** Puts another value of a key that stays under its lease. */
    public void edit(String key, String value) {
        kv().put(PutRequest.newBuilder()
                .setKey(bytes(key))
                .setValue(bytes(value))
                .setIgnoreLease(true)
                .build());
    }

    /** Puts many keys, a hundred at a time. */
    public void putAll(Map<String, String> records) {
        TxnRequest.Builder batch = TxnRequest.newBuilder();
        for (Map.Entry<String, String> each : records.entrySet()) {
            batch.addSuccess(RequestOp.newBuilder()
                    .setRequestPut(
                            PutRequest.newBuilder().setKey(bytes(each.getKey())).setValue(bytes(each.getValue()))));
            if (batch.getSuccessCount() == 100) {
                kv().txn(batch.build());
                batch.clear();
            }
        }
        kv().txn(batch.build());
    }

    /** Returns how many leases etcd knows. */
    public int leases() {
        CallOptions options = CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(10, TimeUnit.SECONDS);
        return ClientCalls.blockingUnaryCall(channel, LEASES, options, Empty.getDefaultInstance())
                .getMembersCount();
    }

    public void delete(String key) {
        kv().deleteRange(DeleteRangeRequest.newBuilder().setKey(bytes(key)).build());
    }

    /** Returns all keys with their values. */
    public TreeMap<String, String> all() {
        ByteString zero = ByteString.copyFrom(new byte[1]);
        TreeMap<String, String> all = new TreeMap<>();
        kv().range(RangeRequest.newBuilder().setKey(zero).setRangeEnd(zero).build())
                .getKvsList()
                .forEach(kv -> all.put(kv.getKey().toStringUtf8(), kv.getValue().toStringUtf8()));
        return all;
    }

    /** Deletes every key that begins with a prefix. */
    public void deleteAll(String prefix) {
        kv().deleteRange(DeleteRangeRequest.newBuilder()
                .setKey(bytes(prefix))
                .setRangeEnd(end(prefix))
                .build());
    }

    /** Returns etcd's revision. */
    public long revision() {
        return kv().range(RangeRequest.newBuilder().setKey(bytes("x")).build())
                .getHeader()
                .getRevision();
    }

    /** Forgets the history before the revision of now. */
    public void compact() {
        kv().compact(CompactionRequest.newBuilder().setRevision(revision()).build());
    }

    /** Returns the lease that a key is under, 0 if none. */
    public long lease(String key) {
        return kv().range(RangeRequest.newBuilder().setKey(bytes(key)).build())
                .getKvs(0)
                .getLease();
    }

    /** Turns authentication on: root, and a user who may do anything below a prefix. */
    public void enableAuth(String user, String password, String prefix) {
        AuthGrpc.AuthBlockingStub auth =
                AuthGrpc.newBlockingStub(channel).withWaitForReady().withDeadlineAfter(20, TimeUnit.SECONDS);
        auth.userAdd(AuthUserAddRequest.newBuilder()
                .setName("root")
                .setPassword("root")
                .build());
        auth.userGrantRole(AuthUserGrantRoleRequest.newBuilder()
                .setUser("root")
                .setRole("root")
                .build());
        auth.roleAdd(AuthRoleAddRequest.newBuilder().setName(user).build());
        auth.roleGrantPermission(AuthRoleGrantPermissionRequest.newBuilder()
                .setName(user)
                .setPerm(Permission.newBuilder()
                        .setPermType(Permission.Type.READWRITE)
                        .setKey(bytes(prefix))
                        .setRangeEnd(end(prefix)))
                .build());
        auth.userAdd(AuthUserAddRequest.newBuilder()
                .setName(user)
                .setPassword(password)
                .build());
        auth.userGrantRole(AuthUserGrantRoleRequest.newBuilder()
                .setUser(user)
                .setRole(user)
                .build());
        auth.authEnable(AuthEnableRequest.getDefaultInstance());
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private KVGrpc.KVBlockingStub kv() {
        channel.resetConnectBackoff();
        return KVGrpc.newBlockingStub(channel).withWaitForReady().withDeadlineAfter(10, TimeUnit.SECONDS);
    }

    private static ByteString end(String prefix) {
        return ByteString.copyFrom(
                OptionsUtil.prefixEndOf(ByteSequence.from(bytes(prefix))).getBytes());
    }

    private static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }
}
