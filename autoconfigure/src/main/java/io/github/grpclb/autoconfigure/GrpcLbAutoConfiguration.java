package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.BlankIsAbsent;
import io.github.grpclb.autoconfigure.properties.ConfigurationCheck;
import io.github.grpclb.autoconfigure.properties.ConfigurationChecks;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.UnknownProperties;
import io.github.grpclb.override.OverrideObserver;
import io.github.grpclb.timeline.Timeline;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;

/** The properties, and what all else stands on, whatever the registry and whoever makes channels and servers. */
@AutoConfiguration
@ConditionalOnGrpcLb
@EnableConfigurationProperties(GrpcLbProperties.class)
public final class GrpcLbAutoConfiguration {

    @Bean
    ConfigurationChecks grpcLbConfigurationChecks(ObjectProvider<ConfigurationCheck> checks) {
        return new ConfigurationChecks(checks);
    }

    @Bean
    @Lazy // asked for when the application is ready
    UnknownProperties grpcLbUnknownProperties(Environment environment) {
        return new UnknownProperties(environment);
    }

    @Bean
    @Lazy // asked for when the application is ready
    PreStopCheck grpcLbPreStopCheck(GrpcLbProperties properties) {
        return new PreStopCheck(properties.operations());
    }

    @Bean
    static ConfigurationPropertiesBindHandlerAdvisor grpcLbBlankIsAbsent() {
        return BlankIsAbsent::new;
    }

    @Bean
    PodSettings grpcLbPodSettings(GrpcLbProperties properties, Environment environment) {
        return new PodSettings(environment::getProperty, properties.podLabelsFile());
    }

    @Bean
    @ConditionalOnMissingBean
    Timeline grpcLbTimeline() {
        return new Timeline();
    }

    @Bean
    OverrideObserver grpcLbTimelineOfOverrides(Timeline timeline) {
        return new TimelineOfOverrides(timeline);
    }

    @Bean
    DeferredObservers grpcLbDeferredObservers(ConfigurableApplicationContext context) {
        return new DeferredObservers(context);
    }
}
