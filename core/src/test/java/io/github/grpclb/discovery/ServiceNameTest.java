package io.github.grpclb.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.FaultRow;
import io.grpc.Uri;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@FaultRow(47)
class ServiceNameTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "greeter",
                "user.rpc",
                "cluster@callee",
                "com.acme/orders",
                "microservices/greeter",
                "grüße",
                "用户服务",
                "नमस्ते",
                "\uD83D\uDE00",
                "a?b",
                "a#b",
                "a:b",
                "a[0]{x}",
                "a|b^c`d\\e\"f<g>",
                "-._~!$&'()*+,;="
            })
    void everyNameSurvivesATarget(String name) throws Exception {
        assertThat(ServiceName.isValid(name)).isTrue();
        String target = "etcd:///" + ServiceName.toPath(name);
        assertThat(target).isASCII();
        assertThat(new URI(target).getPath()).isEqualTo("/" + name);
        assertThat(Uri.parse(target).getPath()).isEqualTo("/" + name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "My Service",
                "a\tb",
                "a\u00a0b",
                "a\u3000b",
                "/a",
                "a/",
                "a//b",
                ".",
                "..",
                "a/../b",
                "a%2Fb",
                "100%",
                "a\u0000",
                "a\u202eb",
                "a\u200bb",
                "\ud800",
                "\ufffd",
                "\ue000"
            })
    void whatNoTargetCanHoldIsNoName(String name) {
        assertThat(ServiceName.isValid(name)).isFalse();
    }

    @Test
    void leavesThePlainCharactersAlone() {
        assertThat(ServiceName.toPath("cluster@callee/user.rpc-1_2~3")).isEqualTo("cluster@callee/user.rpc-1_2~3");
        assertThat(ServiceName.toPath("ü?")).isEqualTo("%C3%BC%3F");
    }

    @Test
    void isBounded() {
        assertThat(ServiceName.isValid("x".repeat(255))).isTrue();
        assertThat(ServiceName.isValid("x".repeat(256))).isFalse();
    }
}
