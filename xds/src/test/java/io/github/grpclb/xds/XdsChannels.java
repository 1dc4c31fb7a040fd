package io.github.grpclb.xds;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.NameResolverRegistry;
import io.grpc.xds.XdsNameResolverProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** Channels of grpc-java's own xDS client to control planes on this machine; each has a client of its own, in the zone {@code z1}. */
final class XdsChannels implements AutoCloseable {

    private static final AtomicInteger SCHEMES = new AtomicInteger();

    private final List<ManagedChannel> channels = new ArrayList<>();

    /** Opens one to a service that control planes at these ports tell of, the first before the others. */
    ManagedChannel open(String service, Integer... ports) {
        String scheme = "xds-test-" + SCHEMES.incrementAndGet();
        Map<String, ?> bootstrap = Map.of(
                "xds_servers",
                Stream.of(ports)
                        .map(port -> Map.of(
                                "server_uri",
                                "127.0.0.1:" + port,
                                "channel_creds",
                                List.of(Map.of("type", "insecure")),
                                "server_features",
                                List.of("xds_v3", "ignore_resource_deletion")))
                        .toList(),
                "node",
                Map.of("id", "client of " + scheme, "locality", Map.of("zone", "z1")));
        NameResolverRegistry.getDefaultRegistry().register(XdsNameResolverProvider.createForTest(scheme, bootstrap));
        ManagedChannel channel = Grpc.newChannelBuilder(scheme + ":///" + service, InsecureChannelCredentials.create())
                .build();
        channels.add(channel);
        return channel;
    }

    @Override
    public void close() throws InterruptedException {
        for (ManagedChannel channel : channels) {
            channel.shutdownNow().awaitTermination(10, SECONDS);
        }
    }
}
