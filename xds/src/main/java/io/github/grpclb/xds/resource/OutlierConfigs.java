package io.github.grpclb.xds.resource;

import com.google.protobuf.UInt32Value;
import io.github.grpclb.balancer.config.OutlierDetection;

/** Writes outlier detection into a cluster, as gRFC A50 has clients read it. */
final class OutlierConfigs {

    private OutlierConfigs() {}

    static io.envoyproxy.envoy.config.cluster.v3.OutlierDetection of(OutlierDetection detection) {
        io.envoyproxy.envoy.config.cluster.v3.OutlierDetection.Builder config =
                io.envoyproxy.envoy.config.cluster.v3.OutlierDetection.newBuilder()
                        .setInterval(Durations.of(detection.interval()))
                        .setBaseEjectionTime(Durations.of(detection.baseEjectionTime()))
                        .setMaxEjectionTime(Durations.of(detection.maxEjectionTime()))
                        .setMaxEjectionPercent(UInt32Value.of(detection.maxEjectionPercent()))
                        // what is not enforced does not take place
                        .setEnforcingSuccessRate(UInt32Value.of(0))
                        .setEnforcingFailurePercentage(UInt32Value.of(0));
        OutlierDetection.SuccessRate rate = detection.successRate();
        if (rate != null) {
            config.setEnforcingSuccessRate(UInt32Value.of(rate.enforcementPercentage()))
                    .setSuccessRateStdevFactor(UInt32Value.of(rate.stdevFactor()))
                    .setSuccessRateMinimumHosts(UInt32Value.of(rate.minimumHosts()))
                    .setSuccessRateRequestVolume(UInt32Value.of(rate.requestVolume()));
        }
        OutlierDetection.FailurePercentage percentage = detection.failurePercentage();
        if (percentage != null) {
            config.setEnforcingFailurePercentage(UInt32Value.of(percentage.enforcementPercentage()))
                    .setFailurePercentageThreshold(UInt32Value.of(percentage.threshold()))
                    .setFailurePercentageMinimumHosts(UInt32Value.of(percentage.minimumHosts()))
                    .setFailurePercentageRequestVolume(UInt32Value.of(percentage.requestVolume()));
        }
        return config.build();
    }
}
