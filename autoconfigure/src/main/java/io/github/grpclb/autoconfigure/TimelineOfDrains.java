package io.github.grpclb.autoconfigure;

import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.server.DrainListener;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.timeline.Timeline;

/** Writes down the drains of this process's own server that are asked for, and their ends. */
record TimelineOfDrains(ServerLifecycle server, Timeline timeline) implements DrainListener {

    @Override
    public void draining(boolean draining) {
        String cause = draining
                ? "this process's own server drains, as was asked for"
                : "no longer: this process's own server takes calls again, as was asked for";
        for (Registration each : server.registrations()) {
            timeline.add(Timeline.Kind.DRAINING, each.endpoint(), cause);
        }
    }
}
