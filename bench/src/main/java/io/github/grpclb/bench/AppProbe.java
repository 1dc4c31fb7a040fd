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
import java.util.function.Function;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** What an application that serves and calls came to: in a JVM of its own, it calls all its servers, says so and ends. */
final class AppProbe {

    /** The client whose servers it calls. */
    static final String CLIENT = "peers";

    /** What stands before the start-up time in milliseconds, the number of threads and the heap in bytes. */
    static final String RESULT = "probe: ";

    private AppProbe() {}

    /**
     * Runs it.
     *
     * @param channel returns the channel of {@link #CLIENT}, which the application has
     * @param arguments the number of servers, and the application's options behind it
     */
    static void run(
            Class<?> application, Function<ConfigurableApplicationContext, Channel> channel, String[] arguments) {
        FixedList.register();
        int servers = Integer.parseInt(arguments[0]);
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(application)
                .web(WebApplicationType.NONE)
                .bannerMode(Banner.Mode.OFF)
                .run(arguments)) {
            long startUp = System.currentTimeMillis()
                    - ManagementFactory.getRuntimeMXBean().getStartTime();
            callAll(channel.apply(context), servers);
            int threads = ManagementFactory.getThreadMXBean().getThreadCount();
            System.gc();
            System.gc(); // what the first one only made ready to be freed
            long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
            System.out.println(RESULT + startUp + " " + threads + " " + heap);
        }
    }

    private static void callAll(Channel peers, int servers) {
        Set<String> answered = new HashSet<>();
        while (answered.size() < servers) {
            answered.add(TestServer.ask(peers, CallOptions.DEFAULT.withWaitForReady()));
        }
    }

    /** The service of the application's own server. */
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
}
