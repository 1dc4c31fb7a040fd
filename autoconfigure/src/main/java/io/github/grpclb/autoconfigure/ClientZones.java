package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.ClientProperties.Zone;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The zone of clients that are to stay in their own, and are not told which that is: the pod's. To know the pod's zone changes nothing
 * by itself: else an update of Kubernetes, from which on pods have the label, would move the calls of a whole fleet. Thread-safe.
 */
final class ClientZones {

    private static final Logger log = LoggerFactory.getLogger(ClientZones.class);

    private final PodSettings pod;
    private final AtomicBoolean warned = new AtomicBoolean();

    ClientZones(PodSettings pod) {
        this.pod = pod;
    }

    /**
     * Returns a client's own settings with the zone filled in. Where none is known, routing that was asked for by its switch is off, so
     * that one configuration serves on machines with zones and without.
     *
     * @param all what holds for all clients
     */
    ClientProperties fillIn(ClientProperties client, ClientProperties all) {
        Zone zone = client.over(all).zone();
        if (zone == null || zone.own() != null || Boolean.FALSE.equals(zone.enabled())) {
            return client;
        }
        String own = pod.zone().map(PodSettings.Said::value).orElse(null);
        if (own != null) {
            return client.with(new Zone(
                    zone.enabled(),
                    own,
                    client.zone() == null ? null : client.zone().overprovisioningFactor()));
        }
        if (zone.enabled() == null) {
            return client; // which is refused: nothing here says that there may be none
        }
        if (warned.compareAndSet(false, true)) {
            log.warn(
                    "grpc.lb.zone.enabled is true, and no zone is known: calls go to servers of all zones. None is in"
                            + " grpc.lb.zone.own, {}",
                    pod.zoneSources());
        }
        return client.with(new Zone(false, null, null));
    }
}
