package io.github.grpclb.resolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FaultRow;
import io.grpc.NameResolver;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.Uri;
import io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@FaultRow(48)
class EndpointNameResolverProviderTest {

    private final EndpointNameResolverProvider provider = new EndpointNameResolverProvider();
    private final NameResolver.Args args = new FakeHelper().getNameResolverArgs();

    @Test
    void isFoundByGrpcAndLeavesTargetsWithoutASchemeToDns() {
        NameResolverRegistry registry = NameResolverRegistry.getDefaultRegistry();
        assertThat(registry.getProviderForScheme("etcd")).isInstanceOf(EndpointNameResolverProvider.class);
        assertThat(registry.getDefaultScheme()).isEqualTo("dns");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dns:///greeter", "static:///greeter", "etcd2:///greeter"})
    void leavesOtherSchemesAlone(String target) {
        assertThat(provider.newNameResolver(URI.create(target), args)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "etcd:///",
                "etcd:/",
                "etcd:greeter",
                "etcd://host/greeter",
                "etcd://u@host:1/greeter",
                "etcd:///greeter?a=b",
                "etcd:///greeter#x",
                "etcd:///%20",
                "etcd:///a%20b",
                "etcd:///a%25b",
                "etcd:///%FF",
                "etcd:////a",
                "etcd:///a/..",
                "etcd:///a%2F%2Fb"
            })
    void refusesATargetThatNamesNoServiceOrMore(String target) {
        assertThatThrownBy(() -> provider.newNameResolver(URI.create(target), args))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("target: '" + target + "' (expected: etcd:///<service>");
    }

    @Test
    void refusesItWhenTheChannelIsBuilt() {
        assertThatThrownBy(() ->
                        NettyChannelBuilder.forTarget("etcd://host/greeter").build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected: etcd:///<service>");
    }

    /** Spring encodes the '%' of a property's value that becomes a URI. */
    @Test
    void takesATargetThatIsEncodedTwice() {
        NameResolver resolver = provider.newNameResolver(URI.create("etcd:///gr%25C3%25BC%25C3%259Fe"), args);
        assertThat(resolver.getServiceAuthority())
                .isEqualTo(provider.newNameResolver(URI.create("etcd:///gr%C3%BC%C3%9Fe"), args)
                        .getServiceAuthority());
    }

    /** Once by each of the two ways in which gRPC reads a target. */
    @ParameterizedTest
    @ValueSource(strings = {"greeter", "com.acme/orders", "cluster@callee", "用户服务", "grüße", "a?b#c", "[a]{b}"})
    void everyServiceHasATarget(String service) throws Exception {
        List<String> followed = new ArrayList<>();
        EndpointSource source = new EndpointSource() {
            @Override
            public Subscription subscribe(String name, EndpointListener listener) {
                followed.add(name);
                throw new IllegalStateException("on purpose");
            }

            @Override
            public void close() {}
        };
        NameResolver.Args withSource = args.toBuilder()
                .setOffloadExecutor(Runnable::run)
                .setArg(ResolverArgs.SOURCE, source)
                .build();
        String target = EndpointNameResolverProvider.target(service);
        for (NameResolver resolver : List.of(
                provider.newNameResolver(URI.create(target), withSource),
                provider.newNameResolver(Uri.parse(target), withSource))) {
            args.getSynchronizationContext().execute(() -> {
                resolver.start(new NameResolver.Listener2() {
                    @Override
                    public void onResult(NameResolver.ResolutionResult result) {}

                    @Override
                    public void onError(Status error) {}
                });
                resolver.shutdown();
            });
        }
        assertThat(followed).containsExactly(service, service);
    }

    @Test
    void whatIsNoServiceHasNoTarget() {
        assertThatThrownBy(() -> EndpointNameResolverProvider.target("My Service"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("service: 'My Service' (expected: ");
    }

    @ParameterizedTest
    @CsvSource({
        "etcd:///greeter, greeter",
        "ETCD:///Greeter, Greeter",
        "etcd:/greeter, greeter",
        "etcd:///com.example.Greeter, com.example.Greeter",
        "etcd:///cluster@callee, cluster-callee",
        "etcd:///cluster%40callee, cluster-callee",
        "etcd:///a%2Fb, a-b",
        "etcd:///a:b, a-b",
        "etcd:///gr%C3%BC%C3%9Fe, gr--e"
    })
    void hasAnAuthorityThatGrpcTakes(String target, String authority) {
        String given = provider.newNameResolver(URI.create(target), args).getServiceAuthority();
        assertThat(given).isEqualTo(authority);
        // gRPC checks what it is given here, and refuses for instance what looks like user information
        NettyChannelBuilder.forTarget("dns:///unused").overrideAuthority(given);
    }
}
