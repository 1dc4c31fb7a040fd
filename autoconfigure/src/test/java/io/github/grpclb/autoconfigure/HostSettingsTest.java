package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.common.net.InetAddresses;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.server.HostChoice;
import io.github.grpclb.testing.FaultRow;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

@FaultRow({33, 34, 49})
class HostSettingsTest {

    private final Map<String, String> properties = new HashMap<>();
    private @Nullable String podIp;

    @Test
    void takesTheFirstOfThemThatSaysSomething() {
        podIp = "10.244.0.7";
        properties.put("preferred-networks", "127.0.0.0/8");
        properties.put("host", "[2001:db8::1]");
        assertThat(host("10.0.0.5")).isEqualTo("2001:db8::1 (grpc.lb.registration.host)");
        properties.remove("host");
        assertThat(host("10.0.0.5")).isEqualTo("10.0.0.5 (the server is bound to it)");
        assertThat(host("[2001:db8::2]")).isEqualTo("2001:db8::2 (the server is bound to it)");
        assertThat(host("*")).isEqualTo("10.244.0.7 (environment variable POD_IP)");
        podIp = " ";
        assertThat(host("*")).isEqualTo("127.0.0.1 (address of lo in the preferred network 127.0.0.0/8)");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "*", "0.0.0.0", "::", "[::]"})
    void asksForNothingElseWhereThePodSays(@Nullable String wildcard) {
        podIp = "[2001:db8::7]";
        assertThat(host(wildcard)).startsWith("2001:db8::7 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"0.0.0.0", "::", "169.254.1.1", "fe80::1", "224.0.0.1", "10.0.0", "${POD_IP}", "10.0.0.1,fd00::1"
            })
    void refusesWhatIsNoPodsAddress(String value) {
        podIp = value;
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(() -> host("*"))
                .withMessageStartingWith("POD_IP: " + value + " (expected: the IP address of this pod");
        assertThat(host("127.0.0.1")).as("where it is not needed").startsWith("127.0.0.1");
    }

    @Test
    void saysWhichAddressesThereAreWhereNoNetworkFits() {
        properties.put("preferred-networks", "198.51.100.0/24,2001:db8:dead::/48");
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(() -> host("*"))
                .withMessageStartingWith(
                        "grpc.lb.registration.preferred-networks: [198.51.100.0/24, 2001:db8:dead::/48]")
                .withMessageContaining("127.0.0.1 (lo");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            host               | 0.0.0.0     | host: 0.0.0.0
            host               | *           | host: *
            host               | ::          | host: ::
            preferred-networks | 10.0.0.0    | preferred-networks: 10.0.0.0
            preferred-networks | 10.0.0.0/33 | preferred-networks: 33
            preferred-networks | eth0        | preferred-networks: eth0
            """)
    void refusesWhatIsNoHostOrNetworkAtTheStart(String property, String value, String message) {
        properties.put(property, value);
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(this::settings)
                .withMessageStartingWith("grpc.lb.registration." + message + " (expected: ");
    }

    @Test
    void takesTheBestAddressWhereEtcdIsOnThisMachine() {
        String best =
                HostChoice.ofThisMachine().best().map(HostChoice.Found::host).orElse("none");
        try {
            assertThat(host("*")).startsWith(best + " (address of ");
        } catch (InvalidPropertyException e) {
            assertThat(best).isEqualTo("none");
            assertThat(e).hasMessageContaining("only loopback and link-local ones");
        }
    }

    private String host(@Nullable String bindAddress) {
        HostChoice.Found found = settings().forServerBoundTo(bindAddress);
        return found.host() + " (" + found.reason() + ")";
    }

    private HostSettings settings() {
        return new HostSettings(
                new Binder(new MapConfigurationPropertySource(properties))
                        .bindOrCreate("", GrpcLbProperties.Registration.class),
                podIp,
                () -> List.of(InetAddresses.forString("127.0.0.1")),
                HostChoice::ofThisMachine);
    }
}
