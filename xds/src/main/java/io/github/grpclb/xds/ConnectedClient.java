package io.github.grpclb.xds;

import io.envoyproxy.envoy.admin.v3.ClientResourceStatus;
import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import io.envoyproxy.envoy.service.status.v3.ClientConfig.GenericXdsConfig;
import java.util.List;

/**
 * A client with an open stream. Immutable.
 *
 * @param node its id, as it gives it; may be empty
 * @param zone its zone, as it gives it; empty for none
 * @param resources how many resources it has
 * @param rejections what it was told and rejected, and has not accepted since
 */
public record ConnectedClient(String node, String zone, int resources, List<Rejection> rejections) {

    public ConnectedClient {
        rejections = List.copyOf(rejections);
    }

    /**
     * A resource that a client rejects.
     *
     * @param type its type's URL
     * @param name its name
     * @param reason in the client's words, one line
     */
    public record Rejection(String type, String name, String reason) {}

    static ConnectedClient of(ClientConfig status) {
        return new ConnectedClient(
                status.getNode().getId(),
                status.getNode().getLocality().getZone(),
                (int) status.getGenericXdsConfigsList().stream()
                        .filter(each -> !each.getVersionInfo().isEmpty())
                        .count(),
                status.getGenericXdsConfigsList().stream()
                        .filter(each -> each.getClientStatus() == ClientResourceStatus.NACKED)
                        .map(ConnectedClient::rejection)
                        .toList());
    }

    private static Rejection rejection(GenericXdsConfig resource) {
        return new Rejection(
                resource.getTypeUrl(),
                resource.getName(),
                resource.getErrorState().getDetails());
    }
}
