package io.github.grpclb.xds.load;

import static io.github.grpclb.xds.FakeSource.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.core.v3.Locality;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.resource.ClusterName;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReportableNamesTest {

    private static final ServiceSettings TAGGED =
            ServiceSettings.DEFAULT.withTags(List.of(new TagRule("version", null, true, Map.of())));

    private final ReportableNames names = new ReportableNames("a", TAGGED);

    @Test
    void knowsServersByTheirAddress() {
        names.list(List.of(server(1, "z1", "v1")));
        assertThat(placeOf("z1", "127.0.0.1:1")).isEqualTo(new Place("z1", "127.0.0.1:1"));
    }

    @Test
    void takesAServersZoneFromTheRegistry() {
        names.list(List.of(server(1, "z1", "v1")));
        assertThat(placeOf("z9", "127.0.0.1:1")).isEqualTo(new Place("z1", "127.0.0.1:1"));
    }

    @Test
    void knowsZones() {
        names.list(List.of(server(1, "z1", "v1")));
        assertThat(placeOf("z1", "")).isEqualTo(new Place("z1", null));
        assertThat(placeOf("z1", "others")).isEqualTo(new Place("z1", null));
        assertThat(placeOf("z9", "127.0.0.1:9")).isEqualTo(Place.UNKNOWN);
    }

    @Test
    void knowsTheServiceAndItsParts() {
        names.list(List.of(server(1, "z1", "v1")));
        assertThat(names.has(new ClusterName("a", null))).isTrue();
        assertThat(names.has(version("v1"))).isTrue();
        assertThat(names.has(version("v2"))).isFalse();
    }

    @Test
    void knowsForAWhileWhatIsGone() {
        names.list(List.of(server(1, "z1", "v1")));
        names.list(List.of(server(2, null, "v2")));
        assertThat(placeOf("z1", "127.0.0.1:1")).isEqualTo(new Place("z1", "127.0.0.1:1"));
        assertThat(names.has(version("v1"))).isTrue();
    }

    @Test
    void forgetsWhatIsGoneForLongest() {
        names.list(List.of(server(1, "z1", "v1"), server(2, "z2", "v2")));
        for (int i = 3; i < 3 + ReportableNames.FORMER; i++) {
            names.list(List.of(server(2, "z2", "v2"), server(i, null, "v" + i)));
        }
        assertThat(placeOf("", "127.0.0.1:1").address()).isEqualTo("127.0.0.1:1");
        names.list(List.of(server(2, "z2", "v2"), server(5_000, null, "v5000")));
        assertThat(placeOf("z1", "127.0.0.1:1")).isEqualTo(Place.UNKNOWN);
        assertThat(names.has(version("v1"))).isFalse();
        assertThat(placeOf("", "127.0.0.1:3").address()).isEqualTo("127.0.0.1:3");
        assertThat(placeOf("", "127.0.0.1:2").address()).isEqualTo("127.0.0.1:2");
        assertThat(names.has(version("v2"))).isTrue();
    }

    private Place placeOf(String zone, String subZone) {
        return names.placeOf(
                Locality.newBuilder().setZone(zone).setSubZone(subZone).build());
    }

    private static ClusterName version(String value) {
        return new ClusterName("a", new ClusterName.Part("version", false, List.of(value)));
    }

    private static Endpoint server(int port, @Nullable String zone, String version) {
        return endpoint("a", port).toBuilder().zone(zone).version(version).build();
    }
}
