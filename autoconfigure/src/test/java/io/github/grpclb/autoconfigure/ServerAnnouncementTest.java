package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.grpclb.autoconfigure.properties.BlankIsAbsent;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.server.Announcement;
import io.github.grpclb.server.HostChoice;
import io.github.grpclb.testing.FaultRow;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ServerAnnouncementTest {

    private final Map<String, String> pod = new HashMap<>();

    @Test
    @FaultRow(34)
    void saysWhatThePropertiesSay() {
        Announcement announcement = announcement(
                        Map.of(
                                "service", "greeter",
                                "id", "s1",
                                "host", "[2001:db8::1]",
                                "port", "9090",
                                "weight", "5",
                                "zone", "z1",
                                "version", "v2",
                                "metadata.team", "a"),
                        null)
                .forServerBoundTo("*");
        assertThat(announcement)
                .isEqualTo(new Announcement(
                        List.of("greeter"), "s1", "2001:db8::1", 9090, 5, "z1", "v2", Map.of("team", "a")));
    }

    @Test
    void takesTheApplicationsNameAndTheBindAddress() {
        Announcement announcement = announcement(Map.of(), "greeter").forServerBoundTo("127.0.0.1");
        assertThat(announcement)
                .isEqualTo(new Announcement(List.of("greeter"), null, "127.0.0.1", null, 1, null, null, Map.of()));
    }

    @Test
    void takesBlankForAbsent() {
        Announcement announcement = announcement(
                        Map.of("service", "", "id", "", "host", " ", "zone", "", "version", ""), "greeter")
                .forServerBoundTo("127.0.0.1");
        assertThat(announcement)
                .isEqualTo(new Announcement(List.of("greeter"), null, "127.0.0.1", null, 1, null, null, Map.of()));
    }

    @Test
    void takesSeveralServicesInsteadOfTheApplicationsName() {
        assertThat(announcement(Map.of("services", "greeter,,user.rpc"), "app")
                        .forServerBoundTo("127.0.0.1")
                        .services())
                .containsExactly("greeter", "user.rpc");
        assertThat(announcement(Map.of("services", ""), "app")
                        .forServerBoundTo("127.0.0.1")
                        .services())
                .containsExactly("app");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            a,b   | greeter | grpc.lb.registration.services: [a, b] (expected: either this or grpc.lb.registration.service
            a,b,a |         | grpc.lb.registration.services[2]: a (expected: each name once
            a,b c |         | grpc.lb.registration.services[1]: b c (expected: a name under which clients
            """)
    @FaultRow(49)
    void refusesServicesThatSayTwoThings(String services, @Nullable String service, String expected) {
        Map<String, String> properties = new HashMap<>(Map.of("services", services));
        properties.put("service", service == null ? "" : service);
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(() -> announcement(properties, "app"))
                .withMessageStartingWith(expected);
    }

    @Test
    @FaultRow(49)
    void refusesAServerWithoutAName() {
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(() -> announcement(Map.of(), " ").forServerBoundTo("127.0.0.1"))
                .withMessageStartingWith("grpc.lb.registration.service: null (expected: the name");
    }

    @ParameterizedTest
    @CsvSource({"weight,-1", "weight,1000001", "port,0", "port,65536", "host,0.0.0.0", "host,*", "host,::"})
    @FaultRow({33, 49})
    void refusesValuesOutOfTheirRange(String property, String value) {
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(() -> announcement(Map.of(property, value), "greeter"))
                .withMessageStartingWith("grpc.lb.registration." + property + ": " + value + " (expected: ");
    }

    @Test
    void takesThePodsNameAndZoneWhereNoPropertySaysThem() {
        pod.put("POD_NAME", "greeter-0");
        pod.put("TOPOLOGY_ZONE", "eu-1a");
        assertThat(announcement(Map.of("id", " ", "zone", ""), "greeter").forServerBoundTo("127.0.0.1"))
                .isEqualTo(new Announcement(
                        List.of("greeter"), "greeter-0", "127.0.0.1", null, 1, "eu-1a", null, Map.of()));
        assertThat(announcement(Map.of("id", "s1", "zone", "z1"), "greeter").forServerBoundTo("127.0.0.1"))
                .isEqualTo(new Announcement(List.of("greeter"), "s1", "127.0.0.1", null, 1, "z1", null, Map.of()));
    }

    @ParameterizedTest
    @CsvSource({"POD_NAME, ${POD_NAME}, id", "TOPOLOGY_ZONE, $(TOPOLOGY_ZONE), zone"})
    @FaultRow(49)
    void refusesWhatNoPodIsCalledOnlyWhereItIsNeeded(String variable, String value, String property) {
        pod.put(variable, value);
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(() -> announcement(Map.of(), "greeter").forServerBoundTo("127.0.0.1"))
                .withMessageStartingWith(variable + ": " + value + " (expected: the name of ");
        assertThat(announcement(Map.of(property, "own"), "greeter").forServerBoundTo("127.0.0.1"))
                .isNotNull();
    }

    private ServerAnnouncement announcement(Map<String, String> properties, @Nullable String applicationName) {
        Map<String, String> named = new HashMap<>();
        properties.forEach((name, value) -> named.put("grpc.lb.registration." + name, value));
        GrpcLbProperties.Registration registration = new Binder(new MapConfigurationPropertySource(named))
                .bindOrCreate(
                        "grpc.lb.registration",
                        Bindable.of(GrpcLbProperties.Registration.class),
                        new BlankIsAbsent(BindHandler.DEFAULT));
        return new ServerAnnouncement(
                registration,
                applicationName,
                new HostSettings(registration, null, List::of, HostChoice::ofThisMachine),
                new PodSettings(Map.copyOf(pod)::get, "/nowhere"));
    }
}
