package io.github.grpclb.resolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FaultRow;
import io.grpc.NameResolver;
import io.grpc.NameResolverRegistry;
import io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
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
                "etcd:///%20"
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
