package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.ManagedChannel;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.Server;
import io.grpc.StatusOr;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.inprocess.InProcessSocketAddress;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How gRPC's own channel ends with our balancer in it, shown with a timer that never fires. */
class ChannelEndTest {

    private static final String SCHEME = "channel-end";

    private final List<Server> servers = new ArrayList<>();
    private final Lists lists = new Lists();
    private final NoFiveSeconds timer = new NoFiveSeconds();

    @BeforeEach
    void setUp() throws IOException {
        NameResolverRegistry.getDefaultRegistry().register(lists);
        for (String name : List.of("end-1", "end-2")) {
            servers.add(InProcessServerBuilder.forName(name)
                    .directExecutor()
                    .build()
                    .start());
        }
    }

    @AfterEach
    void tearDown() {
        NameResolverRegistry.getDefaultRegistry().deregister(lists);
        servers.forEach(Server::shutdownNow);
        timer.shutdownNow();
    }

    @Test
    void doesNotWaitForTheConnectionOfAServerThatHasJustLeft() throws InterruptedException {
        ManagedChannel channel = InProcessChannelBuilder.forTarget(SCHEME + ":///svc")
                .scheduledExecutorService(timer)
                .defaultLoadBalancingPolicy(PolicyLoadBalancerProvider.NAME)
                .build();
        try {
            channel.getState(true);
            await().until(() -> lists.listener != null);
            lists.are("end-1", "end-2");
            await().until(() -> channel.getState(true) == ConnectivityState.READY);
            lists.are("end-2");
            await().until(() -> timer.held.get() > 0);
        } finally {
            channel.shutdown();
        }
        assertThat(channel.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }

    /** What is to run after 5 s, as the end of a connection that was given up, never runs. */
    private static final class NoFiveSeconds extends ScheduledThreadPoolExecutor {

        private final AtomicInteger held = new AtomicInteger();

        NoFiveSeconds() {
            super(1);
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
            if (unit.toMillis(delay) == 5_000) {
                held.incrementAndGet();
                return super.schedule(command, 1, TimeUnit.DAYS);
            }
            return super.schedule(command, delay, unit);
        }
    }

    /** Hands out lists that a test makes. */
    private static final class Lists extends NameResolverProvider {

        private volatile NameResolver.Listener2 listener;
        private NameResolver.Args args;

        void are(String... names) {
            args.getSynchronizationContext()
                    .execute(() -> listener.onResult2(NameResolver.ResolutionResult.newBuilder()
                            .setAddressesOrError(StatusOr.fromValue(Stream.of(names)
                                    .map(name -> new EquivalentAddressGroup(new InProcessSocketAddress(name)))
                                    .toList()))
                            .build()));
        }

        @Override
        public NameResolver newNameResolver(URI target, NameResolver.Args newArgs) {
            args = newArgs;
            return new NameResolver() {
                @Override
                public void start(Listener2 newListener) {
                    listener = newListener;
                }

                @Override
                public String getServiceAuthority() {
                    return "svc";
                }

                @Override
                public void shutdown() {}
            };
        }

        @Override
        public Set<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
            return Set.of(InProcessSocketAddress.class);
        }

        @Override
        public String getDefaultScheme() {
            return SCHEME;
        }

        @Override
        protected boolean isAvailable() {
            return true;
        }

        @Override
        protected int priority() {
            return 4;
        }
    }
}
