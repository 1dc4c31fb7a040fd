package io.github.grpclb.autoconfigure;

import io.github.grpclb.actuate.ReadinessCheck;
import io.github.grpclb.client.ReadyEndpoints;
import io.github.grpclb.server.ServerLifecycle;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.annotation.Bean;

/** What the readiness probe may wait for, where that is asked for; the health indicator that shows it is another in each Spring Boot. */
@AutoConfiguration(after = {GrpcLbClientAutoConfiguration.class, GrpcLbServerAutoConfiguration.class})
@ConditionalOnGrpcLb
@ConditionalOnSwitch(name = ReadinessSettings.ENABLED, byDefault = false)
public final class GrpcLbReadinessAutoConfiguration {

    @Bean
    ReadinessCheck grpcLbReadinessCheck(
            ObjectProvider<ServerLifecycle> server,
            ObjectProvider<ReadyEndpoints> clients,
            ObjectProvider<ApplicationAvailability> availability) {
        return new ReadinessCheck(
                server.getIfAvailable(), clients.getIfAvailable(), () -> hasStarted(availability.getIfAvailable()));
    }

    /** Nobody says so where no {@code SpringApplication} has started it. */
    private static boolean hasStarted(@Nullable ApplicationAvailability availability) {
        return availability == null || availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC;
    }
}
