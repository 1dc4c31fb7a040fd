package io.github.grpclb.chaos;

import io.grpc.Channel;
import net.devh.boot.grpc.client.inject.GrpcClient;
import net.devh.boot.grpc.server.service.GrpcService;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Applications with net.devh's gRPC. */
final class DevhApplications {

    private DevhApplications() {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Load.class)
    static class Client {}

    static class Load implements Host.Stub {

        @GrpcClient("load")
        private Channel channel;

        @Override
        public Channel channel() {
            return channel;
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Server {

        @GrpcService
        Hello hello() {
            return new Hello();
        }
    }
}
