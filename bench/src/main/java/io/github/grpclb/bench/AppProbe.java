package io.github.grpclb.bench;

import io.github.grpclb.testing.TestServer;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;
import java.lang.management.ManagementFactory;
import java.util.HashSet;
import java.util.Set;
import net.devh.boot.grpc.client.inject.GrpcClient;
import net.devh.boot.grpc.server.service.GrpcService;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** An application that serves and calls. Started alone, it calls all its servers, says what it came to and ends. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({AppProbe.Who.class, AppProbe.Caller.class})
class AppProbe {

    /** The client whose servers it calls. */
    static final String CLIENT = "peers";

    /** What stands before the start-up time in milliseconds, the number of threads and the heap in bytes. */
    static final String RESULT = "probe: ";

    /** Takes the number of servers, and the application's options behind it. */
    public static void main(String[] arguments) {
        FixedList.register();
        int servers = Integer.parseInt(arguments[0]);
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(AppProbe.class)
                .web(WebApplicationType.NONE)
                .bannerMode(Banner.Mode.OFF)
                .run(arguments)) {
            long startUp = System.currentTimeMillis()
                    - ManagementFactory.getRuntimeMXBean().getStartTime();
            context.getBean(Caller.class).callAll(servers);
            int threads = ManagementFactory.getThreadMXBean().getThreadCount();
            System.gc();
            System.gc(); // what the first one only made ready to be freed
            long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
            System.out.println(RESULT + startUp + " " + threads + " " + heap);
        }
    }

    @GrpcService
    static class Who implements BindableService {

        @Override
        public ServerServiceDefinition bindService() {
            return ServerServiceDefinition.builder("test.Who")
                    .addMethod(TestServer.WHO, ServerCalls.<String, String>asyncUnaryCall((request, response) -> {
                        response.onNext("probe");
                        response.onCompleted();
                    }))
                    .build();
        }
    }

    static class Caller {

        @GrpcClient(CLIENT)
        private Channel peers;

        void callAll(int servers) {
            Set<String> answered = new HashSet<>();
            while (answered.size() < servers) {
                answered.add(TestServer.ask(peers, CallOptions.DEFAULT.withWaitForReady()));
            }
        }
    }
}
