package io.github.grpclb.autoconfigure;

import io.github.grpclb.actuate.ControlPlaneStatus;
import io.github.grpclb.actuate.ExplainSection;
import io.github.grpclb.actuate.GrpcLbEndpoint;
import io.github.grpclb.actuate.PredictSection;
import io.github.grpclb.actuate.Section;
import io.github.grpclb.actuate.TimelineSection;
import io.github.grpclb.balancer.Explainer;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.dryrun.DryRun;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.load.LoadObservation;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.timeline.Timeline;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** The actuator's endpoint {@code grpclb}, where it is exposed. */
@AutoConfiguration(after = {GrpcLbClientAutoConfiguration.class, GrpcLbServerAutoConfiguration.class})
@ConditionalOnGrpcLb
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnAvailableEndpoint(GrpcLbEndpoint.class)
public final class GrpcLbEndpointAutoConfiguration {

    @Bean(initMethod = "start")
    @ConditionalOnBean(EndpointLoads.class)
    @ConditionalOnMissingBean
    LoadObservation grpcLbLoadObservation(EndpointLoads loads) {
        return new LoadObservation(loads);
    }

    @Bean
    @ConditionalOnBean({LiveEndpoints.class, LoadObservation.class})
    @ConditionalOnMissingBean
    ExplainSection grpcLbExplainSection(
            LiveEndpoints live, LoadObservation observation, ObjectProvider<RegistryStatus> registry) {
        return new ExplainSection(new Explainer(live, observation), registry.getIfUnique());
    }

    @Bean
    @ConditionalOnBean(Timeline.class)
    @ConditionalOnMissingBean
    TimelineSection grpcLbTimelineSection(Timeline timeline) {
        return new TimelineSection(timeline);
    }

    @Bean
    @ConditionalOnBean({LiveEndpoints.class, DryRun.PolicyOptions.class})
    @ConditionalOnMissingBean
    PredictSection grpcLbPredictSection(LiveEndpoints live, DryRun.PolicyOptions options) {
        return new PredictSection(new DryRun(live.copies(), options));
    }

    @Bean
    @ConditionalOnMissingBean
    GrpcLbEndpoint grpcLbEndpoint(
            ObjectProvider<LiveEndpoints> live,
            ObjectProvider<ServerLifecycle> server,
            ObjectProvider<ControlPlaneStatus.Source> controlPlane,
            ObjectProvider<Section> sections) {
        return new GrpcLbEndpoint(
                live.getIfAvailable(),
                server.getIfAvailable(),
                controlPlane.getIfAvailable(),
                sections.orderedStream().toList());
    }
}
