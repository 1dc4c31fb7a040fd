package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import org.springframework.boot.autoconfigure.AutoConfiguration;

/**
 * Puts net.devh's metrics and tracing behind the registries that they look for. Spring Boot 4 moved those, so that net.devh, which
 * names the old classes, is evaluated too early there and stays off. Empty on purpose: all it has is its place in the order.
 * Our own metrics draw the registries forward as well, but only because their name comes first in the alphabet. Changes nothing
 * on Spring Boot 3.
 */
@AutoConfiguration(
        afterName = {
            "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration",
            "org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration",
            "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration"
        },
        beforeName = {
            "net.devh.boot.grpc.client.autoconfigure.GrpcClientMetricAutoConfiguration",
            "net.devh.boot.grpc.client.autoconfigure.GrpcClientMicrometerTraceAutoConfiguration",
            "net.devh.boot.grpc.server.autoconfigure.GrpcServerMetricAutoConfiguration",
            "net.devh.boot.grpc.server.autoconfigure.GrpcServerMicrometerTraceAutoConfiguration"
        })
@ConditionalOnGrpcLb
public final class DevhMeterOrderAutoConfiguration {}
