package io.github.grpclb.autoconfigure.springgrpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

class SpringGrpcServletTest {

    private final DefaultListableBeanFactory beans = new DefaultListableBeanFactory();

    @Test
    void warnsWhereNothingCanBeRegistered() {
        assertThat(warnings()).singleElement().asString().contains("spring.grpc.server.servlet.enabled=false");
        add("inProcessGrpcServerLifecycle");
        assertThat(warnings()).as("an in-process server never is").hasSize(1);
        add("nettyGrpcServerLifecycle");
        assertThat(warnings()).isEmpty();
    }

    private void add(String name) {
        beans.registerBeanDefinition(name, new RootBeanDefinition(GrpcServerLifecycle.class));
    }

    private Collection<String> warnings() {
        return new SpringGrpcServletAutoConfiguration()
                .grpcLbSpringServletCheck(beans)
                .warnings();
    }
}
