package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.LoadBalancerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What gRPC itself does and our design leans on: where one of these fails, a rule of ours has lost its reason. */
class GrpcFactsIT {

    private final TestServer server = TestServer.start("a");
    private final FixedResolver resolver = new FixedResolver();
    private final BalancerThatThrows throwing = new BalancerThatThrows();

    @BeforeEach
    void register() {
        NameResolverRegistry.getDefaultRegistry().register(resolver);
        LoadBalancerRegistry.getDefaultRegistry().register(throwing);
    }

    @AfterEach
    void deregister() throws InterruptedException {
        NameResolverRegistry.getDefaultRegistry().deregister(resolver);
        LoadBalancerRegistry.getDefaultRegistry().deregister(throwing);
        server.close();
    }

    /** So the resolver sends its last good service config again instead of a bad one. */
    @Test
    void badServiceConfigSilentlyTurnsIntoTheDefault() {
        resolver.serviceConfig = Map.of("loadBalancingConfig", List.of(Map.of("endpoint_lb", Map.of("policy", 3.0))));
        assertThat(ask("endpoint_lb")).isEqualTo("a");
        assertThat(resolver.accepted.isOk()).isTrue();
    }

    /** So nothing that a policy throws when it is asked for a picker gets out. */
    @Test
    void exceptionInsideTheBalancerEndsTheChannelForGood() {
        ManagedChannel channel = channel("balancer_that_throws");
        try {
            for (int i = 0; i < 2; i++) {
                StatusRuntimeException failure = catchThrowableOfType(
                        StatusRuntimeException.class, () -> TestServer.ask(channel, CallOptions.DEFAULT));
                assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
                assertThat(failure.getStatus().getDescription()).startsWith("Panic!");
            }
        } finally {
            channel.shutdownNow();
        }
    }

    private String ask(String defaultPolicy) {
        ManagedChannel channel = channel(defaultPolicy);
        try {
            return TestServer.ask(channel, CallOptions.DEFAULT.withDeadlineAfter(5, TimeUnit.SECONDS));
        } finally {
            channel.shutdownNow();
        }
    }

    private static ManagedChannel channel(String defaultPolicy) {
        return NettyChannelBuilder.forTarget("facts:///svc")
                .usePlaintext()
                .defaultServiceConfig(Map.of("loadBalancingConfig", List.of(Map.of(defaultPolicy, Map.of()))))
                .build();
    }

    private static final class BalancerThatThrows extends LoadBalancerProvider {

        @Override
        public boolean isAvailable() {
            return true;
        }

        @Override
        public int getPriority() {
            return 5;
        }

        @Override
        public String getPolicyName() {
            return "balancer_that_throws";
        }

        @Override
        public NameResolver.ConfigOrError parseLoadBalancingPolicyConfig(Map<String, ?> raw) {
            return NameResolver.ConfigOrError.fromConfig("none");
        }

        @Override
        public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
            return new LoadBalancer() {
                @Override
                public Status acceptResolvedAddresses(ResolvedAddresses addresses) {
                    throw new IllegalStateException("broken on purpose");
                }

                @Override
                public void handleNameResolutionError(Status error) {}

                @Override
                public void shutdown() {}
            };
        }
    }

    private final class FixedResolver extends NameResolverProvider {

        private Map<String, ?> serviceConfig;
        private volatile Status accepted = Status.UNKNOWN;

        @Override
        protected boolean isAvailable() {
            return true;
        }

        @Override
        protected int priority() {
            return 1;
        }

        @Override
        public String getDefaultScheme() {
            return "facts";
        }

        @Override
        public NameResolver newNameResolver(URI target, NameResolver.Args args) {
            return new NameResolver() {
                @Override
                public String getServiceAuthority() {
                    return "svc";
                }

                @Override
                public void start(Listener2 listener) {
                    EquivalentAddressGroup group = new EquivalentAddressGroup(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
                    accepted = listener.onResult2(ResolutionResult.newBuilder()
                            .setAddressesOrError(StatusOr.fromValue(List.of(group)))
                            .setServiceConfig(
                                    serviceConfig == null
                                            ? null
                                            : args.getServiceConfigParser().parseServiceConfig(serviceConfig))
                            .build());
                }

                @Override
                public void shutdown() {}
            };
        }
    }
}
