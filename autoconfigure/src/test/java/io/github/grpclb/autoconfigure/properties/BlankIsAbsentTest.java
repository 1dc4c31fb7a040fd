package io.github.grpclb.autoconfigure.properties;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** A blank value, such as what <code>${X:}</code> leaves, means an absent one, whatever the property. */
class BlankIsAbsentTest {

    @ParameterizedTest
    @ValueSource(strings = {"", " ", " \t "})
    void areAbsentWhateverTheProperty(String blank) {
        Map<String, String> all = new HashMap<>();
        for (String name : names()) {
            all.put(name, blank);
            all.put(name.replace("grpc.lb.", "grpc.lb.clients.greeter."), blank);
        }
        assertThat(all).hasSizeGreaterThan(100).containsKeys("grpc.lb.zone.own", "grpc.lb.registration.drain.timeout");
        assertThat(bind(all, GrpcLbProperties.class)).isEqualTo(bind(Map.of(), GrpcLbProperties.class));
        assertThat(bind(all, ClientProperties.class)).isEqualTo(bind(Map.of(), ClientProperties.class));
    }

    @Test
    void leaveTheirNeighboursAlone() {
        ClientProperties client = bind(
                Map.of(
                        "grpc.lb.policy", "random",
                        "grpc.lb.consistent-hash.header", "",
                        "grpc.lb.consistent-hash.min-ring-size", " ",
                        "grpc.lb.consistent-hash.max-ring-size", "2048",
                        "grpc.lb.tags[0].key", "",
                        "grpc.lb.tags[1].key", "version",
                        "grpc.lb.tags[1].header", " ",
                        "grpc.lb.tags[1].split.v1", "",
                        "grpc.lb.tags[1].split.v2", "5"),
                ClientProperties.class);
        assertThat(client.policy()).isEqualTo("random");
        assertThat(client.consistentHash())
                .isEqualTo(new ClientProperties.ConsistentHash(null, null, null, 2048, null, null));
        assertThat(client.tags()).containsExactly(new ClientProperties.Tag("version", null, null, Map.of("v2", 5.0)));
    }

    @Test
    void areLeftOutOfListsAndMaps() {
        GrpcLbProperties properties = bind(
                Map.of(
                        "grpc.lb.etcd.endpoints", "http://a:1, ,http://b:1,",
                        "grpc.lb.etcd.allowed-cidrs[0]", "",
                        "grpc.lb.etcd.allowed-cidrs[1]", "10.0.0.0/8",
                        "grpc.lb.static.greeter", "",
                        "grpc.lb.static.orders", ",127.0.0.1:1",
                        "grpc.lb.clients.greeter.service", "",
                        "grpc.lb.registration.metadata.team", "",
                        "grpc.lb.registration.metadata.rack", "r1"),
                GrpcLbProperties.class);
        assertThat(properties.etcd().endpoints()).containsExactly("http://a:1", "http://b:1");
        assertThat(properties.etcd().allowedCidrs()).containsExactly("10.0.0.0/8");
        assertThat(properties.staticEndpoints()).isEqualTo(Map.of("orders", List.of("127.0.0.1:1")));
        assertThat(properties.clients()).isEmpty();
        assertThat(properties.registration().metadata()).isEqualTo(Map.of("rack", "r1"));
    }

    @Test
    void areAbsentBelowGrpcLbAlone() {
        assertThat(new Binder(new MapConfigurationPropertySource(Map.of("grpc.lbs.header", "")))
                        .bind("grpc.lbs.header", Bindable.of(String.class), new BlankIsAbsent(BindHandler.DEFAULT))
                        .get())
                .isEmpty();
    }

    @Test
    void thePrefixMayBeEmpty() {
        assertThat(bind(Map.of("grpc.lb.etcd.prefix", ""), GrpcLbProperties.class)
                        .etcd()
                        .prefix())
                .isEmpty();
    }

    private static <T> T bind(Map<String, String> properties, Class<T> type) {
        return new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("grpc.lb", Bindable.of(type), new BlankIsAbsent(BindHandler.DEFAULT));
    }

    /** All but the prefix, which may be empty, and maps and records, which have no value of their own. */
    private static List<String> names() {
        return ConfigurationMetadata.properties().stream()
                .filter(property -> !property.get("type").getAsString().startsWith("java.util.Map"))
                .map(property -> property.get("name").getAsString())
                .filter(name -> name.startsWith("grpc.lb.") && !name.equals("grpc.lb.etcd.prefix"))
                .toList();
    }
}
