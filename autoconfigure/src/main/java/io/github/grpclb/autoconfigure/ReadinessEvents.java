package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.server.ServerLifecycle;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;

/** Has the server announced while the application accepts traffic, as Spring Boot's readiness state says, where that is asked for. */
final class ReadinessEvents implements InlineListener<AvailabilityChangeEvent<ReadinessState>> {

    private final ServerLifecycle registration;
    private final boolean followed;

    /** Where it is asked for, nothing is announced from here on, which is before the server starts, until the application is ready. */
    ReadinessEvents(ServerLifecycle registration, GrpcLbProperties.When when) {
        this.registration = registration;
        this.followed = when == GrpcLbProperties.When.READY;
        if (followed) {
            registration.accepting(false);
        }
    }

    @Override
    public void onApplicationEvent(AvailabilityChangeEvent<ReadinessState> event) {
        if (!followed) {
            return;
        }
        try {
            registration.accepting(event.getState() == ReadinessState.ACCEPTING_TRAFFIC);
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, ServerAnnouncement.property(e.name()));
        }
    }
}
