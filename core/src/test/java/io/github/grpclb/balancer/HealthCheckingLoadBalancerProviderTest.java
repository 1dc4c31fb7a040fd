package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.LoadBalancerProvider;
import io.grpc.LoadBalancerRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HealthCheckingLoadBalancerProviderTest {

    @Test
    void isThereBesideTheOneThatDoesNotCheck() {
        LoadBalancerProvider provider =
                LoadBalancerRegistry.getDefaultRegistry().getProvider(HealthCheckingLoadBalancerProvider.NAME);
        assertThat(provider).isInstanceOf(HealthCheckingLoadBalancerProvider.class);
        assertThat(LoadBalancerRegistry.getDefaultRegistry().getProvider("endpoint_lb"))
                .isInstanceOf(PolicyLoadBalancerProvider.class);
    }

    @Test
    void takesTheSameConfiguration() {
        HealthCheckingLoadBalancerProvider provider = new HealthCheckingLoadBalancerProvider();
        Map<String, ?> raw = Map.of("policy", "random", "zone", Map.of("own", "a"));
        assertThat(provider.parseLoadBalancingPolicyConfig(raw).getConfig())
                .isEqualTo(new PolicyLoadBalancerProvider()
                        .parseLoadBalancingPolicyConfig(raw)
                        .getConfig());
        assertThat(provider.parseLoadBalancingPolicyConfig(Map.of("policy", 1))
                        .getError()
                        .getDescription())
                .contains("policy: 1 (expected: the name of a policy)");
    }

    @Test
    void isNotAvailableWithoutGrpcServices() throws ReflectiveOperationException {
        Object provider = Class.forName(
                        HealthCheckingLoadBalancerProvider.class.getName(), true, new WithoutGrpcServices())
                .getConstructor()
                .newInstance();
        assertThat(provider).isNotInstanceOf(HealthCheckingLoadBalancerProvider.class);
        assertThat(((LoadBalancerProvider) provider).isAvailable()).isFalse();
    }

    /** Loads our providers itself, and finds no class of grpc-services for them. */
    private static final class WithoutGrpcServices extends ClassLoader {

        WithoutGrpcServices() {
            super(HealthCheckingLoadBalancerProviderTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("io.grpc.protobuf.services.")) {
                throw new ClassNotFoundException(name);
            }
            if (!name.startsWith(HealthChecking.class.getName())) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : define(name);
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }
}
