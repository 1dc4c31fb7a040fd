package io.github.grpclb.bench;

import io.grpc.BindableService;
import io.grpc.Channel;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.client.GrpcChannelFactory;

/** An {@link AppProbe} over Spring's own gRPC. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
class SpringGrpcProbe {

    public static void main(String[] arguments) {
        AppProbe.run(SpringGrpcProbe.class, context -> context.getBean("peers", Channel.class), arguments);
    }

    @Bean
    BindableService who() {
        return new AppProbe.Who();
    }

    @Bean
    Channel peers(GrpcChannelFactory channels) {
        return channels.createChannel(AppProbe.CLIENT);
    }
}
