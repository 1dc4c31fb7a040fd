package io.github.grpclb.xds.resource;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Endpoint.State;
import io.github.grpclb.xds.config.Weights;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AssignmentTest {

    @Test
    void makesEachServerALocalityWithItsWeight() {
        ClusterLoadAssignment assignment = of(Weights.LOCALITY, null, server(1, 5, "z1"), server(2, 1, null));
        assertThat(assignment.getClusterName()).isEqualTo("greeter");
        assertThat(assignment.getEndpointsList())
                .extracting(AssignmentTest::shown)
                .containsExactly(
                        "0 z1/10.0.0.1:80 5: 10.0.0.1:80 5 HEALTHY", "0 /10.0.0.2:80 1: 10.0.0.2:80 1 HEALTHY");
    }

    @Test
    void makesAllServersEndpointsOfOneLocality() {
        ClusterLoadAssignment assignment = of(Weights.ENDPOINT, null, server(1, 5, "z1"), server(2, 1, "z2"));
        assertThat(assignment.getEndpointsList())
                .extracting(AssignmentTest::shown)
                .containsExactly("0 / 6: 10.0.0.1:80 5 HEALTHY, 10.0.0.2:80 1 HEALTHY");
    }

    @ParameterizedTest
    @EnumSource
    void putsTheZoneFirst(Weights weights) {
        ClusterLoadAssignment assignment =
                of(weights, "z1", server(1, 1, "z2"), server(2, 1, "z1"), server(3, 1, null), server(4, 1, "z1"));
        List<Integer> priorities = new ArrayList<>();
        for (LocalityLbEndpoints locality : assignment.getEndpointsList()) {
            locality.getLbEndpointsList().forEach(each -> priorities.add(locality.getPriority()));
        }
        assertThat(priorities).containsExactly(0, 0, 1, 1);
    }

    @ParameterizedTest
    @EnumSource
    void leavesNoGapWhereTheZoneHasNoServer(Weights weights) {
        ClusterLoadAssignment assignment = of(weights, "z9", server(1, 1, "z2"), server(2, 1, null));
        assertThat(assignment.getEndpointsList()).allMatch(locality -> locality.getPriority() == 0);
    }

    /** Two localities of the same name are refused where they have the same priority. */
    @ParameterizedTest
    @EnumSource
    void namesNoLocalityTwice(Weights weights) {
        ClusterLoadAssignment assignment =
                of(weights, "z1", server(1, 1, "z1"), server(2, 1, "z1"), server(3, 1, "z2"), server(4, 1, "z2"));
        assertThat(new HashSet<>(assignment.getEndpointsList().stream()
                        .map(each -> each.getPriority() + " " + each.getLocality())
                        .toList()))
                .hasSameSizeAs(assignment.getEndpointsList());
    }

    @ParameterizedTest
    @EnumSource
    void listsWhoDrainsAndWhoWeighsNothingAsDraining(Weights weights) {
        ClusterLoadAssignment assignment = of(
                weights,
                null,
                server(1, 5, null),
                server(2, 0, null),
                server(3, 5, null).toBuilder().state(State.DRAINING).build());
        assertThat(statuses(assignment))
                .containsExactly(HealthStatus.HEALTHY, HealthStatus.DRAINING, HealthStatus.DRAINING);
    }

    @ParameterizedTest
    @EnumSource
    void callsThemAllTheSameWhereThereIsNobodyElse(Weights weights) {
        Endpoint draining = server(1, 5, null).toBuilder().state(State.DRAINING).build();
        assertThat(statuses(of(weights, null, draining))).containsExactly(HealthStatus.HEALTHY);
        assertThat(statuses(of(weights, null, server(1, 0, null), server(2, 0, null))))
                .containsExactly(HealthStatus.HEALTHY, HealthStatus.HEALTHY);
        assertThat(statuses(of(weights, null, draining, server(2, 0, null))))
                .containsExactly(HealthStatus.DRAINING, HealthStatus.HEALTHY);
    }

    @ParameterizedTest
    @EnumSource
    void callsNobodyWhoIsDisabled(Weights weights) {
        Endpoint disabled = server(1, 5, null).toBuilder().state(State.DISABLED).build();
        Endpoint draining = server(2, 5, null).toBuilder().state(State.DRAINING).build();
        assertThat(statuses(of(weights, null, disabled))).containsExactly(HealthStatus.DRAINING);
        assertThat(statuses(of(weights, null, disabled, draining)))
                .containsExactly(HealthStatus.DRAINING, HealthStatus.HEALTHY);
        assertThat(statuses(of(weights, null, disabled, draining, server(3, 0, null))))
                .containsExactly(HealthStatus.DRAINING, HealthStatus.DRAINING, HealthStatus.HEALTHY);
    }

    @ParameterizedTest
    @EnumSource
    void keepsTheSumOfWeightsWithinAnUnsignedInteger(Weights weights) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            endpoints.add(server(i, i == 0 ? 1 : Endpoint.MAX_WEIGHT, null));
        }
        ClusterLoadAssignment assignment = Assignment.of("greeter", endpoints, List.of(), weights, null);
        long localities = 0;
        long each = 0;
        for (LocalityLbEndpoints locality : assignment.getEndpointsList()) {
            long weight =
                    Integer.toUnsignedLong(locality.getLoadBalancingWeight().getValue());
            assertThat(weight).isPositive();
            localities += weight;
            each += locality.getLbEndpointsList().stream()
                    .mapToLong(it ->
                            Integer.toUnsignedLong(it.getLoadBalancingWeight().getValue()))
                    .sum();
        }
        assertThat(localities).isEqualTo(each).isBetween(0xf000_0000L, 0xffff_ffffL);
    }

    private static ClusterLoadAssignment of(Weights weights, @Nullable String zone, Endpoint... endpoints) {
        return Assignment.of("greeter", List.of(endpoints), List.of(), weights, zone);
    }

    private static Endpoint server(int number, int weight, @Nullable String zone) {
        return Endpoint.builder("greeter", "10.0." + number / 256 + "." + number % 256, 80)
                .weight(weight)
                .zone(zone)
                .build();
    }

    private static List<HealthStatus> statuses(ClusterLoadAssignment assignment) {
        return assignment.getEndpointsList().stream()
                .flatMap(locality -> locality.getLbEndpointsList().stream())
                .map(LbEndpoint::getHealthStatus)
                .toList();
    }

    private static String shown(LocalityLbEndpoints locality) {
        return locality.getPriority() + " " + locality.getLocality().getZone() + "/"
                + locality.getLocality().getSubZone() + " "
                + locality.getLoadBalancingWeight().getValue() + ": "
                + String.join(
                        ", ",
                        locality.getLbEndpointsList().stream()
                                .map(AssignmentTest::shown)
                                .toList());
    }

    private static String shown(LbEndpoint endpoint) {
        return endpoint.getEndpoint().getAddress().getSocketAddress().getAddress() + ":"
                + endpoint.getEndpoint().getAddress().getSocketAddress().getPortValue() + " "
                + endpoint.getLoadBalancingWeight().getValue() + " " + endpoint.getHealthStatus();
    }
}
