package io.github.grpclb.autoconfigure.xds;

import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.autoconfigure.ConditionalOnSwitch;
import io.github.grpclb.autoconfigure.GrpcLbMetricsAutoConfiguration;
import io.github.grpclb.xds.XdsControlPlane;
import io.github.grpclb.xds.metrics.XdsMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Measures the control plane where there is a meter registry. */
@AutoConfiguration(after = GrpcLbMetricsAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnClass({MeterRegistry.class, XdsControlPlane.class})
@ConditionalOnBean(MeterRegistry.class)
@ConditionalOnSwitch(name = GrpcLbXdsAutoConfiguration.ENABLED, byDefault = false)
public final class GrpcLbXdsMetricsAutoConfiguration {

    @Bean
    @ConditionalOnSwitch(name = "grpc.lb.metrics.enabled", byDefault = true)
    @ConditionalOnMissingBean
    XdsMetrics grpcLbXdsMetrics(MeterRegistry registry) {
        return new XdsMetrics(registry);
    }
}
