package io.github.grpclb.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.api.AlarmRequest;
import io.etcd.jetcd.api.AuthDisableRequest;
import io.etcd.jetcd.api.AuthEnableRequest;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthRoleAddRequest;
import io.etcd.jetcd.api.AuthRoleGrantPermissionRequest;
import io.etcd.jetcd.api.AuthRoleRevokePermissionRequest;
import io.etcd.jetcd.api.AuthUserAddRequest;
import io.etcd.jetcd.api.AuthUserGrantRoleRequest;
import io.etcd.jetcd.api.AuthenticateRequest;
import io.etcd.jetcd.api.ClusterGrpc;
import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.DefragmentRequest;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.MemberAddRequest;
import io.etcd.jetcd.api.MemberListResponse;
import io.etcd.jetcd.api.Permission;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.options.OptionsUtil;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** An operator's hands on a real etcd, independent of the code under test. */
public final class RawEtcd implements AutoCloseable {

    private static final int LIMIT_SECONDS = 20;
    private static final Metadata.Key<String> TOKEN = Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);
    /** jetcd has no such method; what it answers has the form of a list of members. */
    private static final MethodDescriptor<Empty, MemberListResponse> LEASES =
            MethodDescriptor.<Empty, MemberListResponse>newBuilder()
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName(MethodDescriptor.generateFullMethodName(LeaseGrpc.SERVICE_NAME, "LeaseLeases"))
                    .setRequestMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
                    .setResponseMarshaller(ProtoUtils.marshaller(MemberListResponse.getDefaultInstance()))
                    .build();

    /** A look is repeated, for 3 s or so, when the members choose a leader meanwhile. */
    private static final Map<String, ?> REPEATED_LOOKS = Map.of(
            "methodConfig",
            List.of(Map.of(
                    "name",
                    List.of(Map.of("service", KVGrpc.SERVICE_NAME, "method", "Range")),
                    "retryPolicy",
                    Map.of(
                            "maxAttempts",
                            5.0,
                            "initialBackoff",
                            "0.2s",
                            "maxBackoff",
                            "2s",
                            "backoffMultiplier",
                            2.0,
                            "retryableStatusCodes",
                            List.of("UNAVAILABLE")))));

    private final ManagedChannel channel;
    private Metadata headers = new Metadata();

    public RawEtcd(URI endpoint) {
        this(to(endpoint).usePlaintext());
    }

    /** Comes with a client's certificate, by whose name etcd knows it. */
    public RawEtcd(URI endpoint, Path ca, SelfSigned client) throws IOException {
        this(to(endpoint)
                .sslContext(GrpcSslContexts.forClient()
                        .trustManager(ca.toFile())
                        .keyManager(client.certificate().toFile(), client.key().toFile())
                        .build()));
    }

    private RawEtcd(NettyChannelBuilder channel) {
        this.channel = channel.defaultServiceConfig(REPEATED_LOOKS).build();
    }

    public void put(String key, String value) {
        put(bytes(key), value);
    }

    /** Puts a key that need not be text. */
    public void put(ByteString key, String value) {
        kv().put(PutRequest.newBuilder().setKey(key).setValue(bytes(value)).build());
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
        return range(zero, zero);
    }

    /** Returns the keys that begin with a prefix, with their values. */
    public TreeMap<String, String> all(String prefix) {
        return range(bytes(prefix), end(prefix));
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

    /** Ends a lease, with the keys that are under it. */
    public void revoke(long lease) {
        ready(LeaseGrpc.newBlockingStub(channel))
                .leaseRevoke(LeaseRevokeRequest.newBuilder().setID(lease).build());
    }

    /** Returns the lease that a key is under, 0 if none. */
    public long lease(String key) {
        return kv().range(RangeRequest.newBuilder().setKey(bytes(key)).build())
                .getKvs(0)
                .getLease();
    }

    /** Puts one large value again and again until there is no space for more. */
    public void fill() {
        String value = "x".repeat(1 << 20);
        try {
            while (true) {
                put("/fill", value);
            }
        } catch (StatusRuntimeException e) {
            assertThat(e.getStatus().getDescription()).contains("database space exceeded");
        }
    }

    /** Gives the space of old revisions back, and ends the alarm. */
    public void makeRoom() {
        kv().compact(CompactionRequest.newBuilder()
                .setRevision(revision())
                .setPhysical(true)
                .build());
        MaintenanceGrpc.MaintenanceBlockingStub maintenance = ready(MaintenanceGrpc.newBlockingStub(channel));
        maintenance.defragment(DefragmentRequest.getDefaultInstance());
        maintenance
                .alarm(AlarmRequest.newBuilder()
                        .setAction(AlarmRequest.AlarmAction.GET)
                        .build())
                .getAlarmsList()
                .forEach(alarm -> maintenance.alarm(AlarmRequest.newBuilder()
                        .setAction(AlarmRequest.AlarmAction.DEACTIVATE)
                        .setMemberID(alarm.getMemberID())
                        .setAlarm(alarm.getAlarm())
                        .build()));
    }

    /** Lets a member that will run at an address join, to learn without a vote. */
    public void addLearner(URI peer) {
        ready(ClusterGrpc.newBlockingStub(channel))
                .memberAdd(MemberAddRequest.newBuilder()
                        .addPeerURLs(peer.toString())
                        .setIsLearner(true)
                        .build());
    }

    /** Turns authentication on: root, and a user who may do anything below a prefix. */
    public void enableAuth(String user, String password, String prefix) {
        auth().userAdd(AuthUserAddRequest.newBuilder()
                .setName("root")
                .setPassword("root")
                .build());
        auth().userGrantRole(AuthUserGrantRoleRequest.newBuilder()
                .setUser("root")
                .setRole("root")
                .build());
        addUser(user, password, Permission.Type.READWRITE, prefix);
        auth().authEnable(AuthEnableRequest.getDefaultInstance());
    }

    /** Adds a user with a role of the same name that may do something below a prefix. */
    public void addUser(String user, String password, Permission.Type permission, String prefix) {
        auth().roleAdd(AuthRoleAddRequest.newBuilder().setName(user).build());
        grant(user, permission, prefix);
        auth().userAdd(AuthUserAddRequest.newBuilder()
                .setName(user)
                .setPassword(password)
                .build());
        auth().userGrantRole(AuthUserGrantRoleRequest.newBuilder()
                .setUser(user)
                .setRole(user)
                .build());
    }

    /** Lets a role do something below a prefix. */
    public void grant(String role, Permission.Type permission, String prefix) {
        auth().roleGrantPermission(AuthRoleGrantPermissionRequest.newBuilder()
                .setName(role)
                .setPerm(Permission.newBuilder()
                        .setPermType(permission)
                        .setKey(bytes(prefix))
                        .setRangeEnd(end(prefix)))
                .build());
    }

    /** Takes from a role what it may do below a prefix. */
    public void deny(String role, String prefix) {
        auth().roleRevokePermission(AuthRoleRevokePermissionRequest.newBuilder()
                .setRole(role)
                .setKey(bytes(prefix))
                .setRangeEnd(end(prefix))
                .build());
    }

    /** From now on everything is done as this user, until etcd forgets the token: it is asked for once. */
    public void login(String user, String password) {
        String token = auth().authenticate(AuthenticateRequest.newBuilder()
                        .setName(user)
                        .setPassword(password)
                        .build())
                .getToken();
        headers = new Metadata();
        headers.put(TOKEN, token);
    }

    /** From now on nothing is done as a user. */
    public void logout() {
        headers = new Metadata();
    }

    /** Turns authentication off; for who has logged in as root. */
    public void disableAuth() {
        auth().authDisable(AuthDisableRequest.getDefaultInstance());
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private TreeMap<String, String> range(ByteString from, ByteString end) {
        TreeMap<String, String> found = new TreeMap<>();
        kv().range(RangeRequest.newBuilder().setKey(from).setRangeEnd(end).build())
                .getKvsList()
                .forEach(kv ->
                        found.put(kv.getKey().toStringUtf8(), kv.getValue().toStringUtf8()));
        return found;
    }

    private KVGrpc.KVBlockingStub kv() {
        return ready(KVGrpc.newBlockingStub(channel));
    }

    private AuthGrpc.AuthBlockingStub auth() {
        return ready(AuthGrpc.newBlockingStub(channel));
    }

    private <S extends AbstractStub<S>> S ready(S stub) {
        channel.resetConnectBackoff();
        return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .withWaitForReady()
                .withDeadlineAfter(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    private static NettyChannelBuilder to(URI endpoint) {
        return NettyChannelBuilder.forAddress(endpoint.getHost(), endpoint.getPort());
    }

    private static ByteString end(String prefix) {
        return ByteString.copyFrom(
                OptionsUtil.prefixEndOf(ByteSequence.from(bytes(prefix))).getBytes());
    }

    private static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }
}
