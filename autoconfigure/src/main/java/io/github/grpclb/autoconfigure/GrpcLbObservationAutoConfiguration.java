package io.github.grpclb.autoconfigure;

import io.github.grpclb.client.ChannelSetup;
import io.github.grpclb.metrics.ObservedServerInterceptor;
import io.micrometer.core.instrument.binder.grpc.GrpcClientObservationContext;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/** Puts the server of a call on the call's observation, and so on its span, where calls are observed; on Spring Boot 3 and 4. */
@AutoConfiguration(
        after = GrpcLbClientAutoConfiguration.class,
        afterName = {
            "org.springframework.boot.actuate.autoconfigure.observation.ObservationAutoConfiguration",
            "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration"
        })
@ConditionalOnGrpcLb
@ConditionalOnClass({ObservationRegistry.class, GrpcClientObservationContext.class})
@ConditionalOnBean({ChannelSetup.class, ObservationRegistry.class})
public final class GrpcLbObservationAutoConfiguration {

    @Bean
    ObservedServerInterceptor grpcLbObservedServerInterceptor(DeferredObservers observers) {
        return new ObservedServerInterceptor(observers.later(ObservationRegistry.class));
    }
}
