package io.github.grpclb.autoconfigure;

import io.github.grpclb.actuate.Action;
import io.github.grpclb.actuate.DrainAction;
import io.github.grpclb.actuate.GrpcLbEndpoint;
import io.github.grpclb.actuate.GrpcLbOperations;
import io.github.grpclb.actuate.OverridesAction;
import io.github.grpclb.actuate.OverridesSection;
import io.github.grpclb.actuate.Page;
import io.github.grpclb.actuate.PreStopSection;
import io.github.grpclb.actuate.Unanswered;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.override.OverrideStore;
import io.github.grpclb.server.ServerLifecycle;
import org.springframework.aot.hint.annotation.RegisterReflectionForBinding;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** What changes something through the actuator's endpoint {@code grpclb}, where that is wanted. */
@AutoConfiguration(
        after = {GrpcLbClientAutoConfiguration.class, GrpcLbServerAutoConfiguration.class},
        before = GrpcLbEndpointAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnSwitch(name = "grpc.lb.operations.enabled", byDefault = false)
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnAvailableEndpoint(GrpcLbEndpoint.class)
@ConditionalOnBean(GrpcLbProperties.class)
@RegisterReflectionForBinding({DrainAction.Progress.class, OverridesSection.Told.class, Unanswered.class})
public final class GrpcLbOperationsAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(ServerLifecycle.class)
    DrainAction grpcLbDrainAction(ServerLifecycle server) {
        return new DrainAction(server);
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(DrainAction.class)
    @ConditionalOnSwitch(name = "grpc.lb.operations.pre-stop", byDefault = false)
    PreStopSection grpcLbPreStopSection(DrainAction drain) {
        return new PreStopSection(drain);
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(OverrideStore.class)
    OverridesAction grpcLbOverridesAction(OverrideStore store) {
        return new OverridesAction(store);
    }

    @Bean
    @ConditionalOnMissingBean
    GrpcLbOperations grpcLbOperations(ObjectProvider<Action> actions, ObjectProvider<Page> page) {
        return new GrpcLbOperations(actions.orderedStream().toList(), page.getIfAvailable());
    }
}
