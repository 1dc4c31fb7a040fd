package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.grpclb.autoconfigure.properties.BlankIsAbsent;
import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.balancer.config.ZoneRouting;
import io.github.grpclb.client.ClientSettings;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FaultRow;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Which zone a client takes for its own, whether its calls stay there, and how many servers it needs to begin with. */
@ExtendWith(OutputCaptureExtension.class)
class ConfiguredClientsTest {

    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> pod = new HashMap<>();

    @Test
    void aKnownZoneAloneChangesNothing() {
        pod.put("TOPOLOGY_ZONE", "$(bad)");
        assertThat(zone()).as("not even looked at").isNull();
        properties.put("grpc.lb.zone.own", " ");
        assertThat(zone()).isNull();
    }

    @Test
    void theClientsOwnZoneGoesBeforeThatOfAllAndThatBeforeThePods() {
        pod.put("TOPOLOGY_ZONE", "pod");
        properties.put("grpc.lb.zone.enabled", "true");
        assertThat(zone()).isEqualTo(new ZoneRouting("pod", 1.4));
        properties.put("grpc.lb.zone.own", "all");
        assertThat(zone()).isEqualTo(new ZoneRouting("all", 1.4));
        properties.put("grpc.lb.clients.greeter.zone.own", "own");
        assertThat(zone()).isEqualTo(new ZoneRouting("own", 1.4));
    }

    @Test
    void aClientMayLeaveTheZonesToOthers() {
        pod.put("TOPOLOGY_ZONE", "pod");
        properties.put("grpc.lb.zone.overprovisioning-factor", "2");
        assertThat(zone()).as("a factor is enough").isEqualTo(new ZoneRouting("pod", 2));
        properties.put("grpc.lb.clients.greeter.zone.overprovisioning-factor", "3");
        assertThat(zone()).isEqualTo(new ZoneRouting("pod", 3));
        properties.put("grpc.lb.clients.greeter.zone.enabled", "false");
        assertThat(zone()).isNull();
        properties.put("grpc.lb.clients.greeter.zone.own", "own");
        assertThat(zone()).isNull();
        assertThat(zoneOf("another")).isEqualTo(new ZoneRouting("pod", 2));
    }

    @Test
    void oneClientMayAskForItAlone() {
        pod.put("TOPOLOGY_ZONE", "pod");
        properties.put("grpc.lb.clients.greeter.zone.enabled", "true");
        assertThat(zone()).isEqualTo(new ZoneRouting("pod", 1.4));
        assertThat(zoneOf("another")).isNull();
    }

    @Test
    void withoutAZoneTheSwitchHasNoEffectAndIsWarnedOfOnce(CapturedOutput output) {
        properties.put("grpc.lb.zone.enabled", "true");
        properties.put("grpc.lb.clients.greeter.policy", "random");
        properties.put("grpc.lb.zone.overprovisioning-factor", "2");
        assertThat(zone()).isNull();
        assertThat(output.getAll().split("calls go to servers of all zones", -1))
                .hasSize(2);
        assertThat(output).contains("TOPOLOGY_ZONE", "/nowhere");
    }

    @Test
    @FaultRow(49)
    void withoutAZoneAFactorAloneIsRefused() {
        properties.put("grpc.lb.zone.overprovisioning-factor", "2");
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(this::zone)
                .withMessageStartingWith("grpc.lb.zone.own: null");
    }

    @Test
    @FaultRow(49)
    void whatIsNoZoneIsRefusedByTheVariablesName() {
        pod.put("TOPOLOGY_ZONE", "$(ZONE)");
        properties.put("grpc.lb.zone.enabled", "true");
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(this::zone)
                .withMessageStartingWith("TOPOLOGY_ZONE: $(ZONE) (expected: ");
    }

    @Test
    @FaultRow(49)
    void aFactorOfAllClientsIsNamedAsTheirsWhereThePodFillsTheZoneIn() {
        pod.put("TOPOLOGY_ZONE", "pod");
        properties.put("grpc.lb.clients.greeter.zone.enabled", "true");
        properties.put("grpc.lb.zone.overprovisioning-factor", "0.5");
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(this::zone)
                .withMessageStartingWith("grpc.lb.zone.overprovisioning-factor: 0.5");
    }

    @Test
    void aClientNeedsNoMoreServersThanItHasFixedOnes() {
        properties.put("grpc.lb.min-ready-endpoints", "2");
        properties.put("grpc.lb.static.greeter", "127.0.0.1:1");
        properties.put("grpc.lb.static.several", "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3");
        assertThat(settingsOf("greeter").minReadyEndpoints()).isEqualTo(1);
        assertThat(settingsOf("several").minReadyEndpoints()).isEqualTo(2);
        assertThat(settingsOf("another").minReadyEndpoints()).isEqualTo(2);
    }

    private @Nullable ZoneRouting zone() {
        return zoneOf("greeter");
    }

    private @Nullable ZoneRouting zoneOf(String client) {
        return settingsOf(client).balancer().zone();
    }

    private ClientSettings settingsOf(String client) {
        Binder binder = new Binder(new MapConfigurationPropertySource(properties));
        BlankIsAbsent handler = new BlankIsAbsent(BindHandler.DEFAULT);
        return new ConfiguredClients(
                        binder.bindOrCreate("grpc.lb", Bindable.of(GrpcLbProperties.class), handler),
                        binder.bindOrCreate("grpc.lb", Bindable.of(ClientProperties.class), handler),
                        Policies.with(List.of()),
                        new ClientZones(new PodSettings(Map.copyOf(pod)::get, "/nowhere")))
                .apply(client);
    }
}
