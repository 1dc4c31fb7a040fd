package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.support.BeanDefinitionOverrideException;
import org.springframework.beans.factory.support.RootBeanDefinition;

class TwoHostsFailureAnalyzerTest {

    private static final String DEVH =
            "net/devh/boot/grpc/server/autoconfigure/GrpcServerFactoryAutoConfiguration.class";
    private static final String BOOT =
            "org/springframework/boot/grpc/server/autoconfigure/NettyGrpcServerConfiguration.class";
    private static final String SPRING_GRPC =
            "org/springframework/grpc/autoconfigure/server/GrpcServerFactoryAutoConfiguration.class";
    private static final String USERS = "com/example/Servers.class";

    @ParameterizedTest
    @CsvSource({
        DEVH + "," + BOOT + ",true",
        BOOT + "," + DEVH + ",true",
        SPRING_GRPC + "," + DEVH + ",true",
        USERS + "," + BOOT + ",false",
        USERS + "," + DEVH + ",false",
        DEVH + "," + DEVH + ",false"
    })
    void knowsTheTwoHosts(String one, String other, boolean areHosts) {
        BeanDefinitionOverrideException conflict =
                new BeanDefinitionOverrideException("nettyGrpcServerLifecycle", definedIn(one), definedIn(other));
        assertThat(new TwoHostsFailureAnalyzer().analyze(conflict) != null).isEqualTo(areHosts);
    }

    private static RootBeanDefinition definedIn(String file) {
        RootBeanDefinition definition = new RootBeanDefinition();
        definition.setResourceDescription("class path resource [" + file + "]");
        return definition;
    }
}
