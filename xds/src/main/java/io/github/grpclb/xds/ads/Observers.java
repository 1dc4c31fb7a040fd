package io.github.grpclb.xds.ads;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.xds.load.ClusterLoad;
import io.github.grpclb.xds.resource.ResourceType;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Several observers, of which none can harm the streams: one that throws keeps nobody else from hearing, and is logged once. Thread-safe. */
@Internal
public final class Observers implements XdsObserver {

    private static final Logger log = LoggerFactory.getLogger(Observers.class);

    private final List<XdsObserver> all;
    private final Set<Class<?>> failed = ConcurrentHashMap.newKeySet();

    public Observers(List<XdsObserver> all) {
        this.all = List.copyOf(all);
    }

    @Override
    public void opened() {
        tell(XdsObserver::opened);
    }

    @Override
    public void closed() {
        tell(XdsObserver::closed);
    }

    @Override
    public void sent(ResourceType type) {
        tell(each -> each.sent(type));
    }

    @Override
    public void accepted(ResourceType type, @Nullable Duration sinceChange) {
        tell(each -> each.accepted(type, sinceChange));
    }

    @Override
    public void rejected(ResourceType type, String node, String reason) {
        tell(each -> each.rejected(type, node, reason));
    }

    @Override
    public void reported(ClusterLoad load) {
        tell(each -> each.reported(load));
    }

    @Override
    public void reportedUnknown(int clusters) {
        tell(each -> each.reportedUnknown(clusters));
    }

    private void tell(Consumer<XdsObserver> event) {
        for (XdsObserver each : all) {
            try {
                event.accept(each);
            } catch (RuntimeException | Error e) {
                if (failed.add(each.getClass())) {
                    log.error("An observer of xDS clients failed and may go on failing (said once)", e);
                }
            }
        }
    }
}
