package io.github.grpclb.autoconfigure;

import io.github.grpclb.actuate.GrpcLbEndpoint;
import io.github.grpclb.actuate.GrpcLbOperations;
import io.github.grpclb.actuate.Page;
import io.github.grpclb.actuate.PageFiles;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;

/** The page over the actuator's endpoint {@code grpclb}, in an application that has a web server. */
@AutoConfiguration(after = GrpcLbOperationsAutoConfiguration.class, before = GrpcLbEndpointAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnWebApplication
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnAvailableEndpoint(GrpcLbEndpoint.class)
public final class GrpcLbPageAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    Page grpcLbPage() {
        return new Page();
    }

    /** Spring Boot takes one extension of an endpoint. */
    @Bean
    @ConditionalOnMissingBean({GrpcLbOperations.class, PageFiles.class})
    PageFiles grpcLbPageFiles(Page page) {
        return new PageFiles(page);
    }
}
