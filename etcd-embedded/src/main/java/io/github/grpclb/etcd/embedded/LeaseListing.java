package io.github.grpclb.etcd.embedded;

import com.google.protobuf.Empty;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.Member;
import io.etcd.jetcd.api.MemberListResponse;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;

/**
 * The method {@code LeaseLeases}, which jetcd's copy of etcd's proto files lacks.
 *
 * <p>Its request is empty. Its response has a header and a list of messages with an id, under the same field numbers as
 * {@code MemberListResponse}, which therefore stands in for it: on the wire both are the same bytes.
 */
final class LeaseListing {

    private static final MethodDescriptor<Empty, MemberListResponse> METHOD =
            MethodDescriptor.<Empty, MemberListResponse>newBuilder()
                    .setType(MethodType.UNARY)
                    .setFullMethodName(MethodDescriptor.generateFullMethodName(LeaseGrpc.SERVICE_NAME, "LeaseLeases"))
                    .setRequestMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
                    .setResponseMarshaller(ProtoUtils.marshaller(MemberListResponse.getDefaultInstance()))
                    .build();

    private LeaseListing() {}

    /** Returns the definition of a lease service with this method added. */
    static ServerServiceDefinition addTo(LeaseService service, EtcdState state) {
        ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(LeaseGrpc.SERVICE_NAME);
        service.bindService().getMethods().forEach(definition::addMethod);
        return definition
                .addMethod(
                        METHOD,
                        ServerCalls.asyncUnaryCall((request, caller) -> Answers.send(caller, () -> leases(state))))
                .build();
    }

    private static MemberListResponse leases(EtcdState state) {
        MemberListResponse.Builder response = MemberListResponse.newBuilder().setHeader(state.header());
        state.leases()
                .ids()
                .forEach(id -> response.addMembers(Member.newBuilder().setID(id)));
        return response.build();
    }
}
