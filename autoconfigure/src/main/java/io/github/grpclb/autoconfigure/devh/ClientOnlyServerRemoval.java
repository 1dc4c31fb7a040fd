package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.autoconfigure.RegisteredServer;
import java.util.Arrays;
import java.util.List;
import net.devh.boot.grpc.server.serverfactory.GrpcServerLifecycle;
import net.devh.boot.grpc.server.service.GrpcService;
import net.devh.boot.grpc.server.service.GrpcServiceDiscoverer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;

/**
 * Takes net.devh's server out of an application without services. The starter brings it along for those who have some; without
 * any it would only take port 9090, where the next such application on the machine fails, and keep the process alive.
 */
final class ClientOnlyServerRemoval implements BeanDefinitionRegistryPostProcessor {

    private static final Logger log = LoggerFactory.getLogger(ClientOnlyServerRemoval.class);

    /** What net.devh finds annotated services with. */
    private static final String BUILT_IN_DISCOVERER = "defaultGrpcServiceDiscoverer";

    /** net.devh's own services, which are there in every application. */
    private static final List<String> BUILT_IN_SERVICES = List.of("grpcHealthService", "protoReflectionService");

    @Override
    public void postProcessBeanDefinitionRegistry(BeanDefinitionRegistry registry) {
        if (registry instanceof ConfigurableListableBeanFactory beans
                && !hasOwnService(beans)
                && !hasOwnDiscoverer(beans)) {
            // by type, too: Spring gRPC took the names over, and it may be the host where net.devh's is switched off
            Arrays.stream(beans.getBeanNamesForType(GrpcServerLifecycle.class, true, false))
                    .filter(RegisteredServer.OWN::contains)
                    .forEach(name -> {
                        registry.removeBeanDefinition(name);
                        log.info(
                                "No gRPC server is started: there is no @GrpcService. Set grpc.server.port to start one.");
                    });
        }
    }

    /** It may find services anywhere, and does so only when the server is made. */
    private static boolean hasOwnDiscoverer(ConfigurableListableBeanFactory beans) {
        return Arrays.stream(beans.getBeanNamesForType(GrpcServiceDiscoverer.class, true, false))
                .anyMatch(name -> !name.equals(BUILT_IN_DISCOVERER));
    }

    private static boolean hasOwnService(ConfigurableListableBeanFactory beans) {
        return Arrays.stream(beans.getBeanNamesForAnnotation(GrpcService.class))
                .anyMatch(name -> !BUILT_IN_SERVICES.contains(name));
    }
}
