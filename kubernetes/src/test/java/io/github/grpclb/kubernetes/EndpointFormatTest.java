package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.follow.SavedList;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointFormatTest {

    private static final KubernetesOptions OPTIONS = KubernetesOptions.of(URI.create("https://10.96.0.1"), "shop");

    private static final List<Endpoint> ENDPOINTS = List.of(
            Endpoint.builder("greeter", "10.0.0.1", 9090)
                    .id("p1")
                    .zone("z\"1")
                    .metadata(Map.of("node", "w1"))
                    .key("shop/p1")
                    .build(),
            Endpoint.builder("greeter", "fd00::1", 9091)
                    .state(Endpoint.State.DRAINING)
                    .key("shop/fd00::1")
                    .build(),
            Endpoint.builder("greeter", "legacy.example.com", 1).key("shop/x").build());

    private final EndpointFormat format = new EndpointFormat(OPTIONS);

    @Test
    void whatIsReadIsWhatWasWritten() throws IOException {
        SavedList<List<Endpoint>> saved =
                format.decode("greeter", format.encode("greeter", 1_763_600_000_000L, ENDPOINTS), "here");
        assertThat(saved).isEqualTo(new SavedList<>(1_763_600_000_000L, ENDPOINTS, "here"));
    }

    @Test
    void leavesOutWhatIsNotAllowedAnyMore() throws IOException {
        byte[] text = format.encode("greeter", 1, ENDPOINTS);
        EndpointFormat strict =
                new EndpointFormat(OPTIONS.withAddresses(new AddressRules(List.of(), List.of("example.com"), false)));
        assertThat(strict.decode("greeter", text, "here").records())
                .extracting(Endpoint::host)
                .containsExactly("legacy.example.com");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"format\":1 | \"format\":2 | format: '2' (expected: 1)",
                "\"service\":\"greeter\" | \"service\":\"other\" | service: 'other' (expected: greeter)",
                "10.96.0.1 | 10.96.0.2 | apiServer: 'https://10.96.0.2' (expected: https://10.96.0.1)",
                "\"namespace\":\"shop\" | \"namespace\":\"other\" | namespace: 'other' (expected: shop)",
                "\"asOf\":7 | \"asOf\":-7 | asOf: '-7'",
                "\"asOf\":7 | \"asOff\":7 | asOf: 'none'",
                "\"port\":9090 | \"port\":0 | port: '0'",
                "\"host\":\"10.0.0.1\" | \"host\":null | host: 'none'",
                "} | x | text: '"
            })
    void refusesWhatIsNoListOfTheService(String part, String by, String why) {
        String text = new String(format.encode("greeter", 7, ENDPOINTS), StandardCharsets.UTF_8);
        String changed = text.replace(part, by);
        assertThat(changed).isNotEqualTo(text);
        assertThatIOException()
                .isThrownBy(() -> format.decode("greeter", changed.getBytes(StandardCharsets.UTF_8), "here"))
                .withMessageStartingWith(why);
    }

    @Test
    void refusesWhatIsNoUtf8() {
        assertThatIOException().isThrownBy(() -> format.decode("greeter", new byte[] {'{', (byte) 0xff, '}'}, "here"));
    }
}
