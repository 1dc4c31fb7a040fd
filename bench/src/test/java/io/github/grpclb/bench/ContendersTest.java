package io.github.grpclb.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.LoadBalancer.PickResult;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ContendersTest {

    @ParameterizedTest
    @MethodSource("names")
    void picksAmongAllServers(String name) {
        assertThat(shares(name, 3, 6_000)).as("servers that are picked").hasSize(3);
        Contender many = Contenders.create(name, 1_000);
        assertThat(IntStream.range(0, 1_000).mapToObj(many::pick)).doesNotContainNull();
    }

    /** Otherwise its scheduler would be spared what ours does. */
    @Test
    void weighsTheServersOfGrpcAsOurs() {
        List<Long> shares = shares(Contenders.GRPC_WEIGHTED_ROUND_ROBIN, 3, 6_000).values().stream()
                .sorted()
                .toList();
        assertThat(shares).containsExactly(1_000L, 2_000L, 3_000L);
    }

    static List<String> names() {
        return Contenders.names();
    }

    private static Map<Object, Long> shares(String name, int size, int picks) {
        Contender contender = Contenders.create(name, size);
        return IntStream.range(0, picks)
                .mapToObj(turn -> server(contender.pick(turn)))
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    }

    private static Object server(Object picked) {
        return picked instanceof PickResult result && result.getSubchannel() != null ? result.getSubchannel() : picked;
    }
}
