package io.github.grpclb.etcd.record;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.discovery.LogText;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says, once of each pair, that two endpoints of a service have one id: a call that names it could mean either. One that drains may
 * have its successor beside it. For the loop's thread.
 */
@Internal
public final class SameIds {

    private static final Logger log = LoggerFactory.getLogger(SameIds.class);

    private final LogLimit logLimit;

    public SameIds(LogLimit logLimit) {
        this.logLimit = logLimit;
    }

    /** Looks through a service's endpoints. */
    public void look(List<Endpoint> endpoints) {
        Map<String, Endpoint> byId = new HashMap<>();
        for (Endpoint endpoint : endpoints) {
            if (endpoint.id() != null && endpoint.state() == Endpoint.State.UP) {
                Endpoint other = byId.putIfAbsent(endpoint.id(), endpoint);
                if (other != null) {
                    look(other, endpoint);
                }
            }
        }
    }

    /** Says so if two endpoints have one id and not one address. */
    public void look(Endpoint one, Endpoint other) {
        if (isSame(one, other) && logLimit.isNew(SameIds.class, Set.of(one.key(), other.key()))) {
            log.warn(
                    "{}: two servers have the id '{}': {} at {} and {} at {}; unless one is a leftover that ends with its lease, give each"
                            + " its own",
                    LogText.of(one.service()),
                    LogText.of(String.valueOf(one.id())),
                    LogText.of(one.key()),
                    one.address(),
                    LogText.of(other.key()),
                    other.address());
        }
    }

    private static boolean isSame(Endpoint one, Endpoint other) {
        return one.id() != null
                && Objects.equals(one.id(), other.id())
                && !one.address().equals(other.address());
    }
}
