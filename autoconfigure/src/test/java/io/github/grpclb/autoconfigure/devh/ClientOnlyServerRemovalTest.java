package io.github.grpclb.autoconfigure.devh;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.autoconfigure.RegisteredServer;
import java.util.List;
import net.devh.boot.grpc.server.serverfactory.GrpcServerLifecycle;
import net.devh.boot.grpc.server.service.AnnotationGrpcServiceDiscoverer;
import net.devh.boot.grpc.server.service.GrpcServiceDefinition;
import net.devh.boot.grpc.server.service.GrpcServiceDiscoverer;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.BeanDefinitionBuilder;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;

class ClientOnlyServerRemovalTest {

    private static final String SERVER = RegisteredServer.OWN.iterator().next();

    private final DefaultListableBeanFactory beans = new DefaultListableBeanFactory();

    @Test
    void takesTheServerOutWhereThereIsNoService() {
        define("defaultGrpcServiceDiscoverer", AnnotationGrpcServiceDiscoverer.class);
        assertThat(serverStays()).isFalse();
    }

    @Test
    void leavesItWhereTheUserFindsServicesByHimself() {
        define("registryDiscoverer", NoServices.class);
        assertThat(serverStays()).isTrue();
    }

    /** Spring gRPC's has the same name, and is there where net.devh's auto-configuration is excluded. */
    @Test
    void leavesTheServerOfAnotherHost() {
        define("defaultGrpcServiceDiscoverer", AnnotationGrpcServiceDiscoverer.class);
        assertThat(staysThatIs(Object.class)).isTrue();
    }

    private boolean serverStays() {
        return staysThatIs(GrpcServerLifecycle.class);
    }

    private boolean staysThatIs(Class<?> type) {
        define(SERVER, type);
        new ClientOnlyServerRemoval().postProcessBeanDefinitionRegistry(beans);
        return beans.containsBeanDefinition(SERVER);
    }

    private void define(String name, Class<?> type) {
        beans.registerBeanDefinition(
                name, BeanDefinitionBuilder.rootBeanDefinition(type).getBeanDefinition());
    }

    static final class NoServices implements GrpcServiceDiscoverer {

        @Override
        public List<GrpcServiceDefinition> findGrpcServices() {
            return List.of();
        }
    }
}
