package io.github.grpclb.autoconfigure.devh;

import net.devh.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration;
import net.devh.boot.grpc.client.inject.GrpcClientBeanPostProcessor;
import net.devh.boot.grpc.client.interceptor.GlobalClientInterceptorRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;

/**
 * Has net.devh make stubs and interceptors no earlier than what they need is there. Also where grpc-lb is switched off: that net.devh's
 * metrics and tracing are on, which would suffer most, is {@link DevhMeterOrderAutoConfiguration}'s doing.
 */
@AutoConfiguration(before = GrpcClientAutoConfiguration.class)
@ConditionalOnClass(GrpcClientBeanPostProcessor.class)
public final class DevhStubsAutoConfiguration {

    @Bean
    static DeferredStubs devhDeferredStubs(ApplicationContext context) {
        return new DeferredStubs(context);
    }

    @Bean
    @ConditionalOnMissingBean
    GlobalClientInterceptorRegistry devhLateInterceptors(ApplicationContext context) {
        return new LateInterceptors(context);
    }
}
