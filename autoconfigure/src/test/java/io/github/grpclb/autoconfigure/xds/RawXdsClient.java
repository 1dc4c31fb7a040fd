package io.github.grpclb.autoconfigure.xds;

import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A client of a control plane that says what a test wants. */
final class RawXdsClient {

    private RawXdsClient() {}

    /** Asks for a service's endpoints; returns the answer, or the status that the stream ends with. */
    static String ask(Channel channel, String service, Metadata headers) throws Exception {
        CompletableFuture<String> answer = new CompletableFuture<>();
        open(ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)), answer)
                .onNext(request(service));
        return answer.get(10, TimeUnit.SECONDS);
    }

    static StreamObserver<DiscoveryRequest> open(Channel channel, CompletableFuture<String> answer) {
        return AggregatedDiscoveryServiceGrpc.newStub(channel).streamAggregatedResources(new StreamObserver<>() {
            @Override
            public void onNext(DiscoveryResponse response) {
                answer.complete(response.toString());
            }

            @Override
            public void onError(Throwable thrown) {
                Status status = Status.fromThrowable(thrown);
                answer.complete(status.getCode() + " " + status.getDescription() + " " + status.getCause());
            }

            @Override
            public void onCompleted() {
                answer.complete("completed");
            }
        });
    }

    static DiscoveryRequest request(String service) {
        DiscoveryRequest.Builder request = DiscoveryRequest.newBuilder()
                .setTypeUrl(ResourceType.ENDPOINTS.url())
                .addResourceNames(service);
        request.getNodeBuilder().setId("tester");
        return request.build();
    }
}
