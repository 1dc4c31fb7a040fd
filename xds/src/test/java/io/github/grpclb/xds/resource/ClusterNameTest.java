package io.github.grpclb.xds.resource;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.xds.config.ServiceSettings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterNameTest {

    private static final ServiceSettings TAGGED = ServiceSettings.DEFAULT.withTags(
            List.of(new TagRule("version", null, true, Map.of()), new TagRule("a=b|c!d,e%", null, true, Map.of())));

    @Test
    void namesAService() {
        assertThat(parse("greeter")).isEqualTo(new ClusterName("greeter", null)).hasToString("greeter");
    }

    @Test
    void namesPartsOfIt() {
        ClusterName with = new ClusterName("greeter", new ClusterName.Part("version", false, List.of("v2")));
        assertThat(with).hasToString("greeter|version=v2");
        assertThat(parse("greeter|version=v2")).isEqualTo(with);
        ClusterName without = new ClusterName("greeter", new ClusterName.Part("version", true, List.of("v3", "v2")));
        assertThat(without).hasToString("greeter|version!v2,v3");
        assertThat(parse("greeter|version!v2,v3")).isEqualTo(without);
    }

    @Test
    void namesThePartOfNobody() {
        ClusterName nobody = new ClusterName("greeter", ClusterName.Part.ofNobody("version"));
        assertThat(nobody).hasToString("greeter|version=");
        assertThat(parse("greeter|version=")).isEqualTo(nobody);
        assertThat(nobody.part().isOfNobody()).isTrue();
        assertThat(parse("greeter|version=v2").part().isOfNobody()).isFalse();
    }

    @Test
    void takesAnyKeyAndAnyValue() {
        for (String value : List.of("x,y", "=", "!", "|", "%", "%2", "ü", " ", "a b")) {
            ClusterName name = new ClusterName("a|b", new ClusterName.Part("a=b|c!d,e%", true, List.of(value, "z")));
            assertThat(parse(name.toString())).isEqualTo(name);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a|b",
                "a|zone=z1",
                "greeter|version",
                "greeter|version!",
                "|version=v2",
                "greeter|=v2",
                "a|version=%zz"
            })
    void takesAllElseForTheNameOfAService(String name) {
        assertThat(parse(name)).isEqualTo(new ClusterName(name, null));
    }

    private static ClusterName parse(String name) {
        return ClusterName.parse(name, service -> TAGGED);
    }
}
