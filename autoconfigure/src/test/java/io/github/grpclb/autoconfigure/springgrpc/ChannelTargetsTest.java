package io.github.grpclb.autoconfigure.springgrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.autoconfigure.ClientServices;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.grpc.client.VirtualTargets;
import org.springframework.mock.env.MockEnvironment;

class ChannelTargetsTest {

    private final MockEnvironment environment = new MockEnvironment();

    @ParameterizedTest
    @CsvSource({
        "greeter, etcd:///greeter",
        "default, localhost:9090",
        "dns:///greeter, dns:///greeter",
        "greeter:9090, greeter:9090",
        "in-process:test, in-process:test",
        "unix:/run/greeter, unix:/run/greeter",
        "static://10.0.0.1:9090, 10.0.0.1:9090",
        "tcp:10.0.0.1:9090, 10.0.0.1:9090",
        "etcd:///hello, etcd:///hello",
        "${peer}, etcd:///hello"
    })
    void aPlainNameIsAServiceAndATargetStaysOne(String name, String target) {
        environment.setProperty("peer", "hello");
        assertThat(targets().getTarget(name)).isEqualTo(target);
    }

    @ParameterizedTest
    @MethodSource("propertiesOfTargets")
    void whatTheHostsPropertiesSayComesFirst(String property) {
        environment.setProperty(property, "static://10.0.0.1:9090");
        environment.setProperty("grpc.lb.clients.greeter.service", "hello");
        assertThat(targets().getTarget("greeter")).isEqualTo("10.0.0.1:9090");
        assertThat(targets().isOurs("greeter")).isFalse();
    }

    /** A test's server has its port when it has started, after the properties were read. */
    @ParameterizedTest
    @MethodSource("propertiesOfTargets")
    void aConfiguredTargetMayNameWhatIsKnownLater(String property) {
        environment.setProperty(property, "static://127.0.0.1:${local.grpc.server.port}");
        ChannelTargets targets = targets();
        environment.setProperty("local.grpc.server.port", "4711");
        assertThat(targets.getTarget("greeter")).isEqualTo("127.0.0.1:4711");
    }

    /** Before Spring Boot 4.1, the default channel's address is that of all whose names are none. */
    @ParameterizedTest
    @CsvSource({
        "greeter, 10.0.0.1:9090",
        "default, 10.0.0.1:9090",
        "dns:///other, dns:///other",
        "127.0.0.1:8080, 127.0.0.1:8080",
        "etcd:///hello, etcd:///hello"
    })
    void theAddressOfAllTakesNoTargetsPlace(String name, String target) {
        environment.setProperty("spring.grpc.client.default-channel.address", "static://10.0.0.1:9090");
        assertThat(targets().getTarget(name)).isEqualTo(target);
    }

    @Test
    void anEnvironmentVariableNamesATarget() {
        environment
                .getPropertySources()
                .addFirst(new SystemEnvironmentPropertySource(
                        "systemEnvironment",
                        Map.of("SPRING_GRPC_CLIENT_CHANNEL_GREETER_TARGET", "static://10.0.0.1:9090")));
        assertThat(targets().getTarget("greeter")).isEqualTo("10.0.0.1:9090");
    }

    @Test
    void whatOthersChoseIsKnown() {
        ChannelTargets targets = targets();
        VirtualTargets others = targets.knowing(name -> "etcd:///" + name + "-v2");
        assertThat(targets.knowing(name -> "10.0.0.1:9090").getTarget("greeter"))
                .isEqualTo("10.0.0.1:9090");
        assertThat(targets.isOurs("greeter")).isFalse();
        assertThat(others.getTarget("greeter")).isEqualTo("etcd:///greeter-v2");
        assertThat(targets.isOurs("greeter")).isTrue();
        assertThat(targets.asked()).containsExactly("greeter");
    }

    @ParameterizedTest
    @MethodSource("propertiesOfTargets")
    void aBlankTargetIsNone(String property) {
        environment.setProperty(property, " ");
        assertThat(targets().getTarget("greeter")).isEqualTo("etcd:///greeter");
    }

    @Test
    void settingsWithoutATargetLeaveTheServiceWhereItIs() {
        environment.setProperty("spring.grpc.client.channel.greeter.default.deadline", "5s");
        environment.setProperty("spring.grpc.client.channels.other.secure", "false");
        assertThat(targets().getTarget("greeter")).isEqualTo("etcd:///greeter");
        assertThat(targets().getTarget("other")).isEqualTo("etcd:///other");
    }

    @Test
    void aClientMayCallAServiceOfAnotherName() {
        environment.setProperty("grpc.lb.clients.greeter.service", "hello");
        environment.setProperty("grpc.lb.clients.default.service", "main");
        assertThat(targets().getTarget("greeter")).isEqualTo("etcd:///hello");
        assertThat(targets().getTarget("default")).isEqualTo("etcd:///main");
    }

    @Test
    void knowsWhatAClientIsCalled() {
        assertThat(targets().client("greeter")).isEqualTo("greeter");
        assertThat(targets().client("etcd:///hello")).isEqualTo("hello");
        assertThat(targets().isOurs("etcd:///hello")).isTrue();
        assertThat(targets().client("ETCD:///hello")).isEqualTo("hello");
        assertThat(targets().isOurs("ETCD:///hello")).isTrue();
        assertThat(targets().isOurs("etcd2:///hello")).isFalse();
        assertThat(targets().isOurs("etc")).isTrue();
    }

    @Test
    void warnsOfTargetsThatSpringBootNoLongerReads() {
        environment.setProperty("spring.grpc.client.channel.greeter.target", "static://10.0.0.1:9090");
        environment.setProperty("spring.grpc.client.channels.blank.address", " ");
        assertThat(legacyWarnings()).isEmpty();
        environment.setProperty("spring.grpc.client.channels.greeter.address", "static://10.0.0.1:9090");
        environment.setProperty("spring.grpc.client.default-channel.address", "static://10.0.0.2:9090");
        assertThat(legacyWarnings())
                .satisfiesExactly(
                        one -> assertThat(one)
                                .startsWith("spring.grpc.client.channels.greeter.address=static://10.0.0.1:9090 "),
                        two -> assertThat(two)
                                .startsWith("spring.grpc.client.default-channel.address=static://10.0.0.2:9090 "));
    }

    private Collection<String> legacyWarnings() {
        return new SpringGrpcClientAutoConfiguration()
                .grpcLbSpringLegacyTargetsCheck(new ChannelProperties(environment))
                .warnings();
    }

    @Test
    void remembersWhichClientsHaveChannels() {
        ChannelTargets targets = targets();
        targets.getTarget("greeter");
        targets.getTarget("etcd:///hello");
        assertThat(targets.asked()).containsExactly("greeter", "hello");
    }

    @Test
    void aNameThatNoServiceCanHaveIsRefused() {
        assertThatThrownBy(() -> targets().getTarget("My Service")).isInstanceOf(InvalidPropertyException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "spring.grpc.client.channel.greeter.idle.timeout, true",
        "spring.grpc.client.channel.default.idle.timeout, true",
        "spring.grpc.client.channels.greeter.idle-timeout, true",
        "spring.grpc.client.channels.greeter.idleTimeout, true",
        "spring.grpc.client.default-channel.idle-timeout, true",
        "spring.grpc.client.channel.other.idle.timeout, false",
        "spring.grpc.client.channels.other.idle-timeout, false"
    })
    void knowsWhetherAnIdleTimeIsSet(String property, boolean isSet) {
        environment.setProperty(property, "30s");
        assertThat(new ChannelProperties(environment).setsIdleTimeout("greeter"))
                .isEqualTo(isSet);
    }

    /** Spring Boot takes the settings of one channel or those of the default one, never some of each. */
    @Test
    void theDefaultChannelsIdleTimeHoldsForThoseWithoutSettings() {
        environment.setProperty("spring.grpc.client.channel.default.idle.timeout", "30s");
        environment.setProperty("spring.grpc.client.channel.greeter.user-agent", "mine");
        assertThat(new ChannelProperties(environment).setsIdleTimeout("greeter"))
                .isFalse();
    }

    static List<String> propertiesOfTargets() {
        return List.of(
                "spring.grpc.client.channel.greeter.target",
                "spring.grpc.client.channels.greeter.address",
                "spring.grpc.client.default-channel.address");
    }

    private ChannelTargets targets() {
        GrpcLbProperties properties = Binder.get(environment).bindOrCreate("grpc.lb", GrpcLbProperties.class);
        return new ChannelTargets(
                new ChannelProperties(environment), new ClientServices(properties), "etcd", environment);
    }
}
