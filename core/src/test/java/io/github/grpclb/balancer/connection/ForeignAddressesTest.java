package io.github.grpclb.balancer.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.resolver.EndpointAttributes;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.InternalEquivalentAddressGroup;
import io.grpc.inprocess.InProcessSocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ForeignAddressesTest {

    @Test
    void takesTheAddress() {
        assertThat(endpoints(group(1, null), new EquivalentAddressGroup(new InProcessSocketAddress("here"))))
                .containsExactly(
                        Endpoint.builder("greeter", "127.0.0.1", 1).build(),
                        Endpoint.builder("greeter", "here", 1).build());
    }

    /** As dns's resolver makes them: one name, and as many addresses as it leads to. */
    @Test
    void tellsTheServersOfOneNameApart() throws UnknownHostException {
        List<EquivalentAddressGroup> groups = new ArrayList<>();
        for (int i = 1; i <= 2; i++) {
            InetAddress address = InetAddress.getByAddress("greeter.example", new byte[] {10, 0, 0, (byte) i});
            groups.add(new EquivalentAddressGroup(new InetSocketAddress(address, 80)));
        }
        assertThat(endpoints(groups.toArray(EquivalentAddressGroup[]::new)))
                .extracting(Endpoint::address)
                .containsExactly("10.0.0.1:80", "10.0.0.2:80");
    }

    @Test
    void keepsWhatTheResolverSaysBeside() {
        EquivalentAddressGroup group = group(1, 5L);
        EquivalentAddressGroup ours =
                ForeignAddresses.withEndpoints(List.of(group), "greeter").get(0);
        assertThat(ours.getAddresses()).isEqualTo(group.getAddresses());
        assertThat(ours.getAttributes().get(InternalEquivalentAddressGroup.ATTR_WEIGHT))
                .isEqualTo(5);
    }

    @Test
    void takesTheWeightThatGrpcWritesDown() {
        assertThat(endpoints(group(1, 3L), group(2, null), group(3, 0L), group(4, 1_000_000L)))
                .extracting(Endpoint::weight)
                .containsExactly(3, 1, 1, 1_000_000);
    }

    /** xDS multiplies the weight of a locality with those of its endpoints. */
    @Test
    void scalesWeightsThatAreTooLarge() {
        assertThat(endpoints(group(1, 1L << 40), group(2, 1L << 39), group(3, 1L << 38), group(4, 1L)))
                .extracting(Endpoint::weight)
                .containsExactly(1_000_000, 500_000, 250_000, 1);
    }

    @Test
    void leavesOurOwnAsTheyAre() {
        List<EquivalentAddressGroup> ours = ForeignAddresses.withEndpoints(List.of(group(1, 2L)), "greeter");
        assertThat(ForeignAddresses.withEndpoints(ours, "other")).isSameAs(ours);
        assertThat(ForeignAddresses.withEndpoints(List.of(), "greeter")).isEmpty();
    }

    private static List<@Nullable Endpoint> endpoints(EquivalentAddressGroup... groups) {
        return ForeignAddresses.withEndpoints(List.of(groups), "greeter").stream()
                .map(group -> group.getAttributes().get(EndpointAttributes.ENDPOINT))
                .toList();
    }

    private static EquivalentAddressGroup group(int port, @Nullable Long weight) {
        Attributes.Builder attributes = Attributes.newBuilder();
        if (weight != null) {
            attributes.set(InternalEquivalentAddressGroup.ATTR_WEIGHT, weight);
        }
        return new EquivalentAddressGroup(new InetSocketAddress("127.0.0.1", port), attributes.build());
    }
}
