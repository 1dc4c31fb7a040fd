package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says so when one update puts other addresses in the place of most: a deployment, or somebody who steers the clients. */
final class MassChange {

    private static final Logger log = LoggerFactory.getLogger(MassChange.class);

    /** With fewer addresses each restart of one would be most of them. */
    private static final int FEWEST = 3;

    private final RegistryLoop loop;
    private final RegistryObserver observer;

    MassChange(RegistryLoop loop, RegistryObserver observer) {
        this.loop = loop;
        this.observer = observer;
    }

    void between(EndpointSnapshot before, List<Endpoint> after) {
        if (before.endpoints().size() < FEWEST
                || after.isEmpty()
                || EndpointSnapshot.haveSameAddresses(before.endpoints(), after)) {
            return;
        }
        Set<String> now = after.stream().map(Endpoint::address).collect(Collectors.toSet());
        long gone = before.endpoints().stream()
                .filter(endpoint -> !now.contains(endpoint.address()))
                .count();
        long stayed = before.endpoints().size() - gone;
        if (gone > stayed && now.size() > stayed) {
            log.warn(
                    "{}: {} of {} addresses replaced in one update by {} others; if that is no deployment, see who writes to the registry",
                    LogText.of(before.service()),
                    gone,
                    before.endpoints().size(),
                    now.size() - stayed);
            loop.foreign(() -> observer.massChange(before.service()));
        }
    }
}
