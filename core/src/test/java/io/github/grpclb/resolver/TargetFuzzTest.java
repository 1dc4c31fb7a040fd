package io.github.grpclb.resolver;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.StaticEndpointSource;
import io.github.grpclb.discovery.hosts.IpLiterals;
import io.github.grpclb.fuzz.FuzzRun;
import io.github.grpclb.fuzz.Hostile;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FaultRow;
import io.grpc.NameResolver;
import io.grpc.internal.GrpcUtil;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.Test;

/** Whatever a channel's target is: it is refused by name or has an authority that gRPC takes, and no resolver ever throws. */
@FaultRow(48)
@AddLifecycleHook(FuzzRun.class)
class TargetFuzzTest {

    private final EndpointNameResolverProvider provider = new EndpointNameResolverProvider();
    private final NameResolver.Args args = new FakeHelper()
            .getNameResolverArgs().toBuilder()
                    .setOffloadExecutor(Runnable::run)
                    .setArg(ResolverArgs.SOURCE, new StaticEndpointSource(Map.of()))
                    .build();

    @Provide
    Arbitrary<String> targets() {
        return Hostile.inputs(TargetFuzzTest::target);
    }

    @Provide
    Arbitrary<String> hosts() {
        return Hostile.inputs(hostile -> hostile.oneIn(2) ? hostile.text() : hostile.address());
    }

    @Property
    void refusesATargetOrResolvesIt(@ForAll("targets") String target) {
        URI uri;
        try {
            uri = new URI(target);
        } catch (URISyntaxException e) {
            return; // gRPC does not come as far as us
        }
        NameResolver resolver;
        try {
            resolver = provider.newNameResolver(uri, args);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).startsWith("target: '").contains("(expected: etcd:///<service>");
            assertThat(e.getMessage().chars()).noneMatch(Character::isISOControl);
            return;
        }
        if (resolver == null) {
            assertThat(uri.getScheme()).isNotEqualToIgnoringCase("etcd");
            return;
        }
        assertThat(GrpcUtil.checkAuthority(resolver.getServiceAuthority())).isNotEmpty();
        boolean[] answered = new boolean[1];
        args.getSynchronizationContext().execute(() -> {
            resolver.start(new NameResolver.Listener2() {
                @Override
                public void onResult(NameResolver.ResolutionResult result) {
                    answered[0] = !result.getAddressesOrError().hasValue();
                }

                @Override
                public void onError(io.grpc.Status error) {
                    answered[0] = true;
                }
            });
            resolver.refresh();
            resolver.shutdown();
        });
    }

    /** Literals are read here and by etcd's codec: neither asks a name server for what the other takes for a literal. */
    @Property
    void readsIpLiterals(@ForAll("hosts") String host) {
        if (!host.contains(":")) {
            try {
                InetAddress literal = IpLiterals.parse(host);
                if (literal != null) {
                    assertThat(literal.getAddress()).hasSize(4);
                }
            } catch (UnknownHostException e) {
                throw new AssertionError(e);
            }
            return;
        }
        try {
            assertThat(IpLiterals.parse(host)).isNotNull();
        } catch (UnknownHostException e) {
            // no literal, and no name either
        }
    }

    @Test
    void takesTheFixedSeed() {
        Hostile.replay(TargetFuzzTest::target, 500, this::refusesATargetOrResolvesIt);
    }

    private static String target(Hostile hostile) {
        String path = hostile.oneIn(2)
                ? hostile.text()
                : String.join(
                        "/",
                        hostile.list(
                                4,
                                () -> hostile.of("a", "orders", "..", ".", "", "%2e%2e", "%2F", "%00", "%0d%0a", "ü")));
        String rest = hostile.of("", "", "", "", "?a=b", "#x", "?");
        return hostile.of(
                        "etcd:///",
                        "etcd:///",
                        "etcd:///",
                        "etcd:/",
                        "etcd:",
                        "etcd://",
                        "ETCD:///",
                        "etcd2:///",
                        "dns:///",
                        "")
                + path
                + rest;
    }
}
