package io.github.grpclb.autoconfigure;

import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionOverrideException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;

/**
 * Says what to do where both net.devh's gRPC starter and Spring's own want to make the channels or the servers. Spring Boot's own
 * analysis, which would come first otherwise, advises to let one bean take the place of the other, which ends in half of each.
 */
final class TwoHostsFailureAnalyzer extends AbstractFailureAnalyzer<BeanDefinitionOverrideException>
        implements Ordered {

    private static final String DEVH = "net/devh/boot/grpc/";
    private static final String[] SPRING = {"org/springframework/boot/grpc/", "org/springframework/grpc/"};

    @Override
    protected @Nullable FailureAnalysis analyze(Throwable rootFailure, BeanDefinitionOverrideException cause) {
        String both = source(cause.getBeanDefinition()) + " " + source(cause.getExistingDefinition());
        if (!both.contains(DEVH) || Stream.of(SPRING).noneMatch(both::contains)) {
            return null;
        }
        return new FailureAnalysis(
                "Two gRPC starters are on the class path, net.devh's and Spring's own, and both make the bean '"
                        + cause.getBeanName() + "'.",
                "Keep one of them. For net.devh's, take spring-boot-starter-grpc-client and -server (before Spring Boot 4.1:"
                        + " spring-grpc-spring-boot-starter) off the class path. For Spring's own, depend on"
                        + " io.github.grpclb:grpc-lb-spring-grpc-starter in place of grpc-lb-spring-boot-starter, and take"
                        + " net.devh's artifacts off the class path. The properties grpc.lb.* are the same for both.",
                cause);
    }

    private static String source(BeanDefinition definition) {
        return String.valueOf(definition.getResourceDescription());
    }

    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }
}
