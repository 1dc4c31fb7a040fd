package io.github.grpclb.resolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.net.InetAddresses;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.StaticEndpointSource;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A server under a host name, over real connections, while the name leads to several addresses and moves. */
@FaultRow(34)
class HostNameIT {

    @AutoClose
    private final Opened opened = new Opened();

    private volatile List<InetAddress> addresses = List.of();

    @Test
    void triesTheAddressesInOrder() {
        TestServer server = opened.add(TestServer.start("a"));
        addresses = hosts("127.0.0.3", "127.0.0.2", "127.0.0.1");
        assertThat(ask(channelTo(server.port()))).isEqualTo("a");
    }

    @Test
    void findsAServerThatMovedWhenItsConnectionFails() throws Exception {
        TestServer before = opened.add(TestServer.start("before"));
        addresses = hosts("127.0.0.1");
        ManagedChannel channel = channelTo(before.port());
        assertThat(ask(channel)).isEqualTo("before");
        opened.add(TestServer.start("after", InetAddresses.forString("127.0.0.2"), before.port()));
        addresses = hosts("127.0.0.2");
        before.close();
        await().atMost(Duration.ofSeconds(25)).until(() -> answer(channel).equals("after"));
    }

    @Test
    void keepsTheConnectionWhileItsAddressIsAmongThoseOfTheName() throws Exception {
        TestServer server = opened.add(TestServer.start("a"));
        addresses = hosts("127.0.0.1");
        Endpoint dead = Endpoint.builder("svc", "127.0.0.9", 1).build(); // its failures have all names looked up again
        ManagedChannel channel = channelTo(named(server.port()), dead);
        assertThat(ask(channel)).isEqualTo("a");
        addresses = hosts("127.0.0.2", "127.0.0.1");
        int before = lookups;
        await().atMost(Duration.ofSeconds(25)).until(() -> lookups > before + 1);
        assertThat(ask(channel)).isEqualTo("a");
        assertThat(server.connections()).isEqualTo(1);
    }

    private volatile int lookups;

    private ManagedChannel channelTo(int port) {
        return channelTo(named(port));
    }

    private static Endpoint named(int port) {
        return Endpoint.builder("svc", "moving.example", port).build();
    }

    private ManagedChannel channelTo(Endpoint... endpoints) {
        NameResolverProvider names = new NameResolverProvider() {
            @Override
            public NameResolver newNameResolver(URI target, NameResolver.Args args) {
                return new EndpointNameResolver(
                        target.toString(), "svc", args, HostNameIT.this::lookUp, System::nanoTime);
            }

            @Override
            public String getDefaultScheme() {
                return "host-name-test";
            }

            @Override
            protected boolean isAvailable() {
                return true;
            }

            @Override
            protected int priority() {
                return 4;
            }
        };
        NameResolverRegistry.getDefaultRegistry().register(names);
        AutoCloseable unregister =
                () -> NameResolverRegistry.getDefaultRegistry().deregister(names);
        opened.add(unregister);
        ManagedChannel channel = NettyChannelBuilder.forTarget("host-name-test:///svc")
                .usePlaintext()
                .setNameResolverArg(ResolverArgs.SOURCE, new StaticEndpointSource(Map.of("svc", List.of(endpoints))))
                .defaultLoadBalancingPolicy("endpoint_lb")
                .build();
        AutoCloseable shutdown = channel::shutdownNow;
        opened.add(shutdown);
        return channel;
    }

    private List<InetAddress> lookUp(String host) {
        lookups++;
        return addresses;
    }

    private static List<InetAddress> hosts(String... literals) {
        return Stream.of(literals).map(InetAddresses::forString).toList();
    }

    private static String answer(ManagedChannel channel) {
        try {
            return ask(channel);
        } catch (StatusRuntimeException e) {
            return e.getStatus().toString();
        }
    }

    private static String ask(ManagedChannel channel) {
        return TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(20, TimeUnit.SECONDS));
    }
}
