package io.github.grpclb.bench;

import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * What a control plane costs with many clients, each on a connection of its own: a control plane in a JVM of its own, whose heap is
 * measured, and the clients in this one.
 */
final class XdsSuite implements Suite {

    private static final int SERVICES = 20;
    private static final int ENDPOINTS = 500;
    private static final long PATIENCE_SECONDS = 180;

    private final MultiThreadIoEventLoopGroup eventLoop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

    /** What all clients wait for at the moment. */
    private volatile CountDownLatch awaited = new CountDownLatch(0);

    @Override
    public List<Table> run(Scale scale) throws Exception {
        int clients = scale.equals(Scale.QUICK) ? 100 : 1_000;
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1g",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ControlPlaneProbe.class.getName(),
                        String.valueOf(SERVICES),
                        String.valueOf(ENDPOINTS))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        List<ManagedChannel> channels = new ArrayList<>();
        try (PrintWriter commands = new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8);
                BufferedReader answers = process.inputReader()) {
            int port = Integer.parseInt(answers.readLine());
            subscribe(port, 1, channels); // what all clients share is made by then
            long[] before = state(commands, answers);
            Suite.progress("xds, " + clients + " clients subscribe");
            long start = System.nanoTime();
            subscribe(port, clients, channels);
            double subscribed = (System.nanoTime() - start) / 1e9;
            long[] after = state(commands, answers);
            double[] millis = changes(commands, clients + 1, scale.rounds());
            Table table = new Table(
                    "A control plane with " + Numbers.of(clients) + " clients of " + SERVICES + " services of "
                            + ENDPOINTS + " endpoints each",
                    "",
                    "");
            table.add("all have all, s", Numbers.of(subscribed));
            table.add("heap for a client, KiB", Numbers.of((after[1] - before[1]) / 1024.0 / clients));
            table.add("threads more", Numbers.of(after[2] - before[2]));
            table.add("one change until all accepted it, median, ms", Numbers.of(millis[millis.length / 2]));
            table.add("longest of " + millis.length + ", ms", Numbers.of(millis[millis.length - 1]));
            return List.of(table);
        } finally {
            for (ManagedChannel channel : channels) {
                channel.shutdownNow();
            }
            eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            process.destroy();
        }
    }

    /** Opens a stream each, and waits until each has the clusters and the endpoints of all services. */
    private void subscribe(int port, int clients, List<ManagedChannel> channels) throws InterruptedException {
        awaited = new CountDownLatch(clients * 2 * SERVICES);
        for (int i = 0; i < clients; i++) {
            ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                    .usePlaintext()
                    .eventLoopGroup(eventLoop)
                    .channelType(NioSocketChannel.class)
                    .directExecutor()
                    .build();
            channels.add(channel);
            new Client(channel).subscribe();
        }
        await();
    }

    /** Changes one service after the other, and measures each time how long it takes until the last client has accepted it. */
    private double[] changes(PrintWriter commands, int clients, int rounds) throws InterruptedException {
        double[] millis = new double[rounds * 2];
        for (int i = 0; i < millis.length; i++) {
            TimeUnit.MILLISECONDS.sleep(300); // beyond the time within which changes are taken together
            awaited = new CountDownLatch(clients);
            long start = System.nanoTime();
            commands.println("change " + i % SERVICES);
            await();
            millis[i] = (System.nanoTime() - start) / 1e6;
        }
        Arrays.sort(millis);
        return millis;
    }

    private void await() throws InterruptedException {
        if (!awaited.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("clients still wait for " + awaited.getCount() + " resources");
        }
    }

    /** Streams, bytes of heap and threads of the control plane. */
    private static long[] state(PrintWriter commands, BufferedReader answers) throws IOException {
        commands.println("state");
        return Arrays.stream(answers.readLine().split(" "))
                .mapToLong(Long::parseLong)
                .toArray();
    }

    /** Accepts what it is told, and counts it. */
    private final class Client implements StreamObserver<DiscoveryResponse> {

        private final StreamObserver<DiscoveryRequest> requests;

        Client(ManagedChannel channel) {
            requests = AggregatedDiscoveryServiceGrpc.newStub(channel).streamAggregatedResources(this);
        }

        void subscribe() {
            ask(ResourceType.CLUSTER.url(), "", "");
            ask(ResourceType.ENDPOINTS.url(), "", "");
        }

        private void ask(String type, String version, String nonce) {
            DiscoveryRequest.Builder request = DiscoveryRequest.newBuilder()
                    .setTypeUrl(type)
                    .setVersionInfo(version)
                    .setResponseNonce(nonce)
                    .addAllResourceNames(IntStream.range(0, SERVICES)
                            .mapToObj(ControlPlaneProbe::service)
                            .toList());
            request.getNodeBuilder().setId("client");
            requests.onNext(request.build());
        }

        @Override
        public void onNext(DiscoveryResponse response) {
            ask(response.getTypeUrl(), response.getVersionInfo(), response.getNonce());
            for (int i = 0; i < response.getResourcesCount(); i++) {
                awaited.countDown();
            }
        }

        @Override
        public void onError(Throwable thrown) {}

        @Override
        public void onCompleted() {}
    }
}
