package io.github.grpclb.autoconfigure;

import io.github.grpclb.actuate.SecretSanitizer;
import io.github.grpclb.autoconfigure.properties.BlankIsAbsent;
import java.util.Objects;
import java.util.stream.Stream;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/** Keeps the secrets of etcd and of xDS clients out of the actuator's answers. */
@AutoConfiguration
@ConditionalOnGrpcLb
@ConditionalOnClass(SanitizingFunction.class)
public final class GrpcLbSanitizerAutoConfiguration {

    @Bean
    static SecretSanitizer grpcLbSecretSanitizer(Environment environment) {
        return new SecretSanitizer(Stream.of("grpc.lb.etcd.ssl.bundle", "grpc.lb.xds.ssl.bundle")
                .map(environment::getProperty)
                .map(BlankIsAbsent::textOrNull)
                .filter(Objects::nonNull)
                .toList());
    }
}
