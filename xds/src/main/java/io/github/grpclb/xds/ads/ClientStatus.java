package io.github.grpclb.xds.ads;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import io.envoyproxy.envoy.service.status.v3.ClientStatusDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.status.v3.ClientStatusRequest;
import io.envoyproxy.envoy.service.status.v3.ClientStatusResponse;
import io.envoyproxy.envoy.type.matcher.v3.NodeMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.github.grpclb.discovery.Internal;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The client status discovery service: what each connected client was told, and what it said to that, for tools such as {@code grpcdebug}.
 * Nodes are chosen by their id, exactly, by prefix, suffix or part; other matchers are refused. Thread-safe.
 */
@Internal
public final class ClientStatus implements BindableService, ClientStatusDiscoveryServiceGrpc.AsyncService {

    /** What a gRPC client takes in one message is 4 MiB, if it is not told otherwise; some of it goes for what stands around these. */
    private static final int MOST_BYTES = 3 << 20;

    private final AggregatedDiscovery discovery;

    public ClientStatus(AggregatedDiscovery discovery) {
        this.discovery = discovery;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return UnreadableRequests.asNull(ClientStatusDiscoveryServiceGrpc.bindService(this));
    }

    @Override
    public void fetchClientStatus(ClientStatusRequest request, StreamObserver<ClientStatusResponse> responses) {
        if (!isUnderstood(request)) {
            refuse(responses);
            return;
        }
        answer(request, !request.getExcludeResourceContents(), responses, responses::onCompleted);
    }

    @Override
    public StreamObserver<ClientStatusRequest> streamClientStatus(StreamObserver<ClientStatusResponse> responses) {
        ServerCallStreamObserver<ClientStatusResponse> call =
                (ServerCallStreamObserver<ClientStatusResponse>) responses;
        call.disableAutoRequest();
        call.setOnReadyHandler(() -> {}); // whoever does not read is not asked for more
        call.request(1);
        return new StreamObserver<>() {
            @Override
            public void onNext(@Nullable ClientStatusRequest request) {
                if (request != null && isUnderstood(request)) {
                    answer(request, !request.getExcludeResourceContents(), responses, () -> call.request(1));
                } else {
                    refuse(responses);
                }
            }

            @Override
            public void onError(Throwable thrown) {}

            @Override
            public void onCompleted() {
                responses.onCompleted();
            }
        };
    }

    /** Leaves contents out where a tool could not read so much: they are what all clients have, and the same for most of these. */
    private void answer(
            ClientStatusRequest request,
            boolean contents,
            StreamObserver<ClientStatusResponse> responses,
            Runnable then) {
        discovery.clientStatus(node -> isWanted(request.getNodeMatchersList(), node), contents, clients -> {
            if (((ServerCallStreamObserver<?>) responses).isCancelled()) {
                return;
            }
            if (sizeOf(clients) > MOST_BYTES) {
                if (contents) {
                    answer(request, false, responses, then);
                } else {
                    responses.onError(tooMuch(clients.size()));
                }
                return;
            }
            responses.onNext(
                    ClientStatusResponse.newBuilder().addAllConfig(clients).build());
            then.run();
        });
    }

    private static long sizeOf(List<ClientConfig> clients) {
        return clients.stream()
                .mapToLong(client -> client.getNode().getSerializedSize()
                        + client.getGenericXdsConfigsList().stream()
                                .mapToLong(ClientConfig.GenericXdsConfig::getSerializedSize)
                                .sum())
                .sum();
    }

    private static StatusRuntimeException tooMuch(int clients) {
        return Status.RESOURCE_EXHAUSTED
                .withDescription(
                        "the status of " + clients + " clients is more than fits into a message (expected: at most "
                                + MOST_BYTES + " bytes); choose some of them with node_matchers")
                .asRuntimeException();
    }

    private static boolean isUnderstood(ClientStatusRequest request) {
        return request.getNodeMatchersList().stream()
                .allMatch(matcher -> matcher.getNodeMetadatasCount() == 0
                        && switch (matcher.getNodeId().getMatchPatternCase()) {
                            case EXACT, PREFIX, SUFFIX, CONTAINS, MATCHPATTERN_NOT_SET -> true;
                            default -> false;
                        });
    }

    private static void refuse(StreamObserver<?> responses) {
        responses.onError(Status.INVALID_ARGUMENT
                .withDescription(
                        "expected: a ClientStatusRequest with no node_matchers but node_id with exact, prefix, suffix or contains is understood")
                .asRuntimeException());
    }

    private static boolean isWanted(List<NodeMatcher> matchers, Node node) {
        return matchers.isEmpty() || matchers.stream().anyMatch(matcher -> isMatch(matcher.getNodeId(), node.getId()));
    }

    private static boolean isMatch(StringMatcher matcher, String id) {
        boolean anyCase = matcher.getIgnoreCase();
        String text = anyCase ? id.toLowerCase(Locale.ROOT) : id;
        return switch (matcher.getMatchPatternCase()) {
            case EXACT -> text.equals(cased(matcher.getExact(), anyCase));
            case PREFIX -> text.startsWith(cased(matcher.getPrefix(), anyCase));
            case SUFFIX -> text.endsWith(cased(matcher.getSuffix(), anyCase));
            case CONTAINS -> text.contains(cased(matcher.getContains(), anyCase));
            default -> true;
        };
    }

    private static String cased(String pattern, boolean anyCase) {
        return anyCase ? pattern.toLowerCase(Locale.ROOT) : pattern;
    }
}
