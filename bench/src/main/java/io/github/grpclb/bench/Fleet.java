package io.github.grpclb.bench;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.resolver.EndpointAttributes;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.stream.IntStream;

/** Servers that nobody calls. */
final class Fleet {

    private Fleet() {}

    /** Returns the weight of a server where weights matter: 1 to 10 by its index. */
    static int weight(int index) {
        return 1 + index % 10;
    }

    static List<EquivalentAddressGroup> equal(int size) {
        return IntStream.range(0, size).mapToObj(i -> group(i, 1)).toList();
    }

    static List<EquivalentAddressGroup> weighted(int size) {
        return IntStream.range(0, size).mapToObj(i -> group(i, weight(i))).toList();
    }

    /** Returns a server as the resolver hands it on. */
    static EquivalentAddressGroup group(int index, int weight) {
        Endpoint endpoint = Endpoint.builder("bench", host(index), port(index))
                .id("s" + index)
                .startedAt(1)
                .weight(weight)
                .build();
        return new EquivalentAddressGroup(
                new InetSocketAddress(address(index), port(index)),
                Attributes.newBuilder()
                        .set(EndpointAttributes.ENDPOINT, endpoint)
                        .build());
    }

    static String host(int index) {
        return address(index).getHostAddress();
    }

    static int port(int index) {
        return 8000 + index % 10;
    }

    private static InetAddress address(int index) {
        try {
            return InetAddress.getByAddress(new byte[] {127, 1, (byte) (index / 250), (byte) (index % 250)});
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
