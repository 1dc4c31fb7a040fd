package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.ServiceName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceTargetTest {

    @ParameterizedTest
    @CsvSource({
        "greeter, own, greeter,",
        "greeter:grpc, own, greeter, grpc",
        "greeter:9090, own, greeter, 9090",
        "greeter.shop, shop, greeter,",
        "greeter.shop:grpc, shop, greeter, grpc",
        "greeter.shop:65535, shop, greeter, 65535",
        "greeter.shop.svc:grpc, shop, greeter, grpc",
        "greeter.shop.svc.cluster.local:9090, shop, greeter, 9090",
        "g-1.s-2:p-3, s-2, g-1, p-3",
        "1greeter, own, 1greeter,",
        "svc.svc, svc, svc,"
    })
    void readsWhatStandsBehindTheScheme(String text, String namespace, String name, String port) {
        assertThat(ServiceName.isValid(text)).as("it can stand in a target").isTrue();
        assertThat(ServiceTarget.parse(text, "own")).isEqualTo(new ServiceTarget(namespace, name, port));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "Greeter",
                "greeter.",
                "greeter:",
                ":grpc",
                ".shop",
                "greeter.shop.local",
                "greeter.shop.svc.",
                "greeter:0",
                "greeter:65536",
                "greeter:99999999999999999999",
                "-greeter",
                "greeter-",
                "greeter/shop",
                "shop/greeter:grpc",
                "greeter&limit=1",
                "greeter.shop:grpc:1",
                "a234567890123456789012345678901234567890123456789012345678901234"
            })
    void refusesWhatIsNoService(String text) {
        assertThatThrownBy(() -> ServiceTarget.parse(text, "own"))
                .isInstanceOf(IllegalValueException.class)
                .hasMessageContaining("service: '" + text + "' (expected: service, service.namespace or");
    }

    @Test
    void asksForTheSlicesOfTheServiceAlone() {
        ServiceTarget target = ServiceTarget.parse("greeter.shop:grpc", "own");
        String slices = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
                + "?labelSelector=kubernetes.io%2Fservice-name%3Dgreeter";
        assertThat(target.listPath(100, null)).isEqualTo(slices + "&limit=100");
        assertThat(target.listPath(100, "a+/=&b")).isEqualTo(slices + "&limit=100&continue=a%2B%2F%3D%26b");
        assertThat(target.watchPath("17", 300))
                .isEqualTo(slices + "&watch=true&allowWatchBookmarks=true&resourceVersion=17&timeoutSeconds=300");
    }
}
