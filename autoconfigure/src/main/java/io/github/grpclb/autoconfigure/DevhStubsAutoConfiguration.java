package io.github.grpclb.autoconfigure;

import net.devh.boot.grpc.client.inject.GrpcClientBeanPostProcessor;
import net.devh.boot.grpc.client.interceptor.GlobalClientInterceptorRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;

/**
 * Has net.devh make stubs that are parameters as late as those in fields, and interceptors not before they can be complete. Also where grpc-lb is switched off: that net.devh's metrics
 * are on, which would suffer from it, is {@link DevhMeterOrderAutoConfiguration}'s doing.
 */
@AutoConfiguration(beforeName = "net.devh.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration")
@ConditionalOnClass(GrpcClientBeanPostProcessor.class)
public final class DevhStubsAutoConfiguration {

    @Bean
    static DeferredStubs grpcLbDeferredStubs(ApplicationContext context) {
        return new DeferredStubs(context);
    }

    @Bean
    @ConditionalOnMissingBean
    GlobalClientInterceptorRegistry globalClientInterceptorRegistry(ApplicationContext context) {
        return new DeferredInterceptors(context);
    }
}
