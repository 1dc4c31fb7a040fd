package io.github.grpclb.actuate;

import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.etcd.EtcdConnection;
import io.github.grpclb.registration.ServerRegistration;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * Whether the registry answers and whether this process is announced there.
 *
 * <p>Never {@code DOWN}. Without etcd the last list stays in use and servers go on serving, so nothing is broken that a restart
 * would mend; but all processes lose etcd in the same moment, and whatever restarts or withholds traffic on {@code DOWN} would
 * then stop the whole fleet. Trouble is {@code UNKNOWN}: it is seen in the details, ranks below {@code UP} when Spring Boot sums up,
 * and is answered with HTTP 200. It is in no probe's group unless somebody puts it there.
 */
public final class GrpcLbHealthIndicator implements HealthIndicator {

    private static final String SETTINGS = "; see grpc.lb.etcd.username, .password, .ssl.bundle, and the roles in etcd";

    private final Supplier<@Nullable String> etcdAwayBecause;
    private final Supplier<@Nullable String> refusedBecause;
    private final Supplier<Optional<Registration>> registration;

    /**
     * Creates the indicator.
     *
     * @param etcd asked for what it knows already; nothing is sent
     * @param server this process's registration, or null if it is none of this process's tasks
     */
    public GrpcLbHealthIndicator(EtcdConnection etcd, @Nullable ServerRegistration server) {
        this(etcd::unreachableBecause, etcd::refusedBecause, server == null ? Optional::empty : server::registration);
    }

    GrpcLbHealthIndicator(
            Supplier<@Nullable String> etcdAwayBecause,
            Supplier<@Nullable String> refusedBecause,
            Supplier<Optional<Registration>> registration) {
        this.etcdAwayBecause = etcdAwayBecause;
        this.refusedBecause = refusedBecause;
        this.registration = registration;
    }

    @Override
    public Health health() {
        Health.Builder health = Health.up();
        String awayBecause = etcdAwayBecause.get();
        if (awayBecause != null) {
            health.unknown();
        }
        health.withDetail("etcd", awayBecause == null ? "reachable" : awayBecause);
        String refused = refusedBecause.get();
        if (refused != null) {
            health.unknown().withDetail("refused", refused + SETTINGS);
        }
        registration.get().ifPresent(announced -> {
            Registration.Status status = announced.status();
            if (status.state() != Registration.State.REGISTERED) {
                health.unknown();
            }
            health.withDetail("registration", status.state());
            health.withDetail("registrationSeconds", status.forTime().toSeconds());
            String reason = status.reason();
            if (reason != null) {
                health.withDetail("registrationReason", reason);
            }
            health.withDetail("visible", status.visible());
            Duration lag = status.lag();
            if (lag != null) {
                health.withDetail("visibleAfterMillis", lag.toMillis());
            }
            health.withDetail("service", announced.endpoint().service());
            health.withDetail("address", announced.endpoint().address());
        });
        return health.build();
    }
}
