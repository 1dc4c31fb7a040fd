package io.github.grpclb.bench;

import io.grpc.Channel;
import net.devh.boot.grpc.client.inject.GrpcClient;
import net.devh.boot.grpc.server.service.GrpcService;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** An {@link AppProbe} over net.devh's gRPC. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({DevhProbe.Who.class, DevhProbe.Caller.class})
class DevhProbe {

    public static void main(String[] arguments) {
        AppProbe.run(DevhProbe.class, context -> context.getBean(Caller.class).peers, arguments);
    }

    @GrpcService
    static class Who extends AppProbe.Who {}

    static class Caller {

        @GrpcClient(AppProbe.CLIENT)
        private Channel peers;
    }
}
