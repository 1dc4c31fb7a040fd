package io.github.grpclb.xds;

import static io.github.grpclb.xds.FakeSource.endpoint;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.github.grpclb.xds.ads.XdsObserver;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Peers that mean no good, or that leave, beside one that is told of its changes all the time. */
class XdsPeersIT {

    private final FakeSource source = new FakeSource();
    private final AtomicInteger rejections = new AtomicInteger();
    private XdsControlPlane controlPlane;
    private Server server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        controlPlane = new XdsControlPlane(source, XdsOptions.DEFAULT, new XdsObserver() {
            @Override
            public void rejected(ResourceType type, String node, String reason) {
                rejections.incrementAndGet();
            }
        });
        NettyServerBuilder builder = NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .executor(Runnable::run);
        controlPlane.services().forEach(builder::addService);
        server = builder.build().start();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
                .usePlaintext()
                .build();
        source.list("a", endpoint("a", 1));
    }

    @AfterEach
    void stop() throws InterruptedException {
        channel.shutdownNow().awaitTermination(10, SECONDS);
        controlPlane.close();
        server.shutdownNow().awaitTermination(10, SECONDS);
    }

    @Test
    void tellsOthersWhilePeersSendGarbage() throws InterruptedException {
        Client good = new Client(true);
        good.ask("", "a");
        good.acceptNext("a");
        Random random = new Random(1);
        Queue<Status.Code> statuses = new ConcurrentLinkedQueue<>();
        List<ClientCall<byte[], byte[]>> peers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            byte[] garbage = new byte[random.nextInt(2_000)];
            random.nextBytes(garbage);
            ClientCall<byte[], byte[]> call = channel.newCall(RAW, CallOptions.DEFAULT);
            call.start(
                    new ClientCall.Listener<>() {
                        @Override
                        public void onClose(Status status, Metadata trailers) {
                            statuses.add(status.getCode());
                        }
                    },
                    new Metadata());
            call.sendMessage(garbage);
            peers.add(call);
            if (i % 20 == 0) {
                requireChange(good, i + 2);
            }
        }
        peers.forEach(call -> call.cancel("enough", null));
        good.end();
        requireNothingLeft();
        // some happen to be requests of types that are not served
        assertThat(statuses)
                .contains(Status.Code.INVALID_ARGUMENT)
                .containsOnly(Status.Code.INVALID_ARGUMENT, Status.Code.CANCELLED);
    }

    @Test
    void tellsOthersWhileOneRejectsAllThatItIsTold() throws InterruptedException {
        Client good = new Client(true);
        good.ask("", "a");
        good.acceptNext("a");
        Client bad = new Client(true);
        bad.ask("", "a");
        DiscoveryResponse first = bad.next();
        for (int i = 0; i < 5_000; i++) {
            bad.reject(first, "no " + i, "a");
        }
        for (int weight = 2; weight < 12; weight++) {
            requireChange(good, weight);
        }
        // of all that was said to the first response only the first counts: the others are about one that is answered
        await().atMost(10, SECONDS).untilAsserted(() -> assertThat(rejections).hasPositiveValue());
        good.end();
        bad.end();
        requireNothingLeft();
    }

    @Test
    void tellsOthersWhileOneNeverReads() throws InterruptedException {
        List<Client> silent = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Client client = new Client(false);
            client.ask("", "a");
            silent.add(client);
        }
        Client good = new Client(true);
        good.ask("", "a");
        good.acceptNext("a");
        for (int weight = 2; weight < 12; weight++) {
            requireChange(good, weight);
        }
        good.end();
        silent.forEach(Client::end);
        requireNothingLeft();
    }

    @Test
    void endsWhoAsksForTenThousand() throws InterruptedException {
        Client good = new Client(true);
        good.ask("", "a");
        good.acceptNext("a");
        String[] names = new String[10_000];
        for (int i = 0; i < names.length; i++) {
            names[i] = "service-" + i;
        }
        Client greedy = new Client(true);
        greedy.ask("", names);
        assertThat(greedy.status().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(source.followed()).isOne();
        requireChange(good, 2);
        good.end();
        requireNothingLeft();
    }

    @Test
    void keepsNothingOfWhoHasLeft() throws InterruptedException {
        int threads = -1;
        for (int i = 0; i < 1_000; i++) {
            Client client = new Client(true);
            client.ask("", "a", "b");
            client.next();
            if (i % 2 == 0) {
                client.end();
            } else {
                client.cancel();
            }
            if (i == 100) {
                threads = Thread.activeCount();
            }
        }
        requireNothingLeft();
        assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads + 2);
    }

    private void requireChange(Client client, int weight) throws InterruptedException {
        source.list("a", endpoint("a", 1).toBuilder().weight(weight).build());
        client.acceptNext("a");
    }

    private void requireNothingLeft() {
        await().atMost(20, SECONDS).untilAsserted(() -> {
            assertThat(controlPlane.openStreams()).isZero();
            assertThat(source.followed()).isZero();
        });
    }

    /** One that asks for endpoints. */
    private final class Client implements ClientResponseObserver<DiscoveryRequest, DiscoveryResponse> {

        private final boolean reads;
        private final BlockingQueue<DiscoveryResponse> responses = new LinkedBlockingQueue<>();
        private final BlockingQueue<Status> statuses = new LinkedBlockingQueue<>();
        private final StreamObserver<DiscoveryRequest> requests;
        private @Nullable ClientCallStreamObserver<DiscoveryRequest> call;

        Client(boolean reads) {
            this.reads = reads;
            this.requests = AggregatedDiscoveryServiceGrpc.newStub(channel).streamAggregatedResources(this);
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<DiscoveryRequest> observer) {
            call = observer;
            if (!reads) {
                observer.disableAutoRequestWithInitial(0);
            }
        }

        void ask(String nonce, String... names) {
            requests.onNext(request(nonce, names).build());
        }

        void acceptNext(String... names) throws InterruptedException {
            ask(next().getNonce(), names);
        }

        void reject(DiscoveryResponse response, String reason, String... names) {
            DiscoveryRequest.Builder request = request(response.getNonce(), names);
            request.getErrorDetailBuilder().setMessage(reason);
            requests.onNext(request.build());
        }

        private DiscoveryRequest.Builder request(String nonce, String... names) {
            return DiscoveryRequest.newBuilder()
                    .setNode(Node.newBuilder().setId("peer"))
                    .setTypeUrl(ResourceType.ENDPOINTS.url())
                    .setResponseNonce(nonce)
                    .addAllResourceNames(List.of(names));
        }

        DiscoveryResponse next() throws InterruptedException {
            DiscoveryResponse response = responses.poll(20, SECONDS);
            assertThat(response).isNotNull();
            return response;
        }

        Status status() throws InterruptedException {
            Status status = statuses.poll(20, SECONDS);
            assertThat(status).isNotNull();
            return status;
        }

        void end() {
            if (reads) {
                requests.onCompleted();
            } else {
                cancel();
            }
        }

        void cancel() {
            call.cancel("enough", null);
        }

        @Override
        public void onNext(DiscoveryResponse response) {
            responses.add(response);
        }

        @Override
        public void onError(Throwable thrown) {
            statuses.add(Status.fromThrowable(thrown));
        }

        @Override
        public void onCompleted() {
            statuses.add(Status.OK);
        }
    }

    private static final MethodDescriptor.Marshaller<byte[]> BYTES = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            return new byte[0];
        }
    };

    private static final MethodDescriptor<byte[], byte[]> RAW = MethodDescriptor.newBuilder(BYTES, BYTES)
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .setFullMethodName(AggregatedDiscoveryServiceGrpc.getStreamAggregatedResourcesMethod()
                    .getFullMethodName())
            .build();
}
