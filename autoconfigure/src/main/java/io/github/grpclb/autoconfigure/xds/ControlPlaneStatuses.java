package io.github.grpclb.autoconfigure.xds;

import io.github.grpclb.actuate.ControlPlaneStatus;
import io.github.grpclb.xds.ConnectedClient;
import io.github.grpclb.xds.XdsControlPlane;
import io.github.grpclb.xds.load.ClusterLoad;
import io.github.grpclb.xds.load.LocalityLoad;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/** Makes what the actuator shows of a control plane. */
final class ControlPlaneStatuses {

    private static final long LONGEST_LOOK_SECONDS = 1;

    private ControlPlaneStatuses() {}

    static ControlPlaneStatus of(XdsControlPlane controlPlane, int port) {
        return new ControlPlaneStatus(
                port,
                controlPlane.openStreams(),
                clients(controlPlane).stream()
                        .sorted(Comparator.comparing((ConnectedClient client) ->
                                        client.rejections().isEmpty())
                                .thenComparing(ConnectedClient::node))
                        .limit(ControlPlaneStatus.MOST_CLIENTS)
                        .map(ControlPlaneStatuses::client)
                        .toList(),
                controlPlane.loads().stream()
                        .flatMap(cluster -> cluster.localities().stream().map(locality -> load(cluster, locality)))
                        .limit(ControlPlaneStatus.MOST_LOADS)
                        .toList());
    }

    private static List<ConnectedClient> clients(XdsControlPlane controlPlane) {
        try {
            return controlPlane.clients().get(LONGEST_LOOK_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            return List.of(); // it is being closed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    private static ControlPlaneStatus.Client client(ConnectedClient client) {
        return new ControlPlaneStatus.Client(
                client.node(),
                client.zone(),
                client.resources(),
                client.rejections().stream()
                        .map(each -> new ControlPlaneStatus.Rejection(each.type(), each.name(), each.reason()))
                        .toList());
    }

    private static ControlPlaneStatus.Load load(ClusterLoad cluster, LocalityLoad locality) {
        Map<String, Double> means = locality.metrics().entrySet().stream()
                .filter(metric -> metric.getValue().calls() > 0)
                .collect(Collectors.toMap(
                        Map.Entry::getKey,
                        metric -> metric.getValue().sum() / metric.getValue().calls()));
        return new ControlPlaneStatus.Load(
                cluster.service(),
                cluster.part(),
                locality.zone(),
                locality.address(),
                locality.issued(),
                locality.succeeded(),
                locality.failed(),
                locality.inProgress(),
                means);
    }
}
