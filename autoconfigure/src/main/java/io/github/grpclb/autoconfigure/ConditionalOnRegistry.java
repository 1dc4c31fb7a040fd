package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties.Registry;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.BindResult;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** Matches where {@code grpc.lb.registry} names this registry, as the binder understands it. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Conditional(ConditionalOnRegistry.OnRegistry.class)
@interface ConditionalOnRegistry {

    Registry value();

    /** Reads the property. */
    final class OnRegistry extends SpringBootCondition {

        private static final String PROPERTY = "grpc.lb.registry";

        @Override
        public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
            Registry wanted =
                    metadata.getAnnotations().get(ConditionalOnRegistry.class).getEnum("value", Registry.class);
            Registry chosen = chosen(context.getEnvironment());
            ConditionMessage message =
                    ConditionMessage.forCondition(ConditionalOnRegistry.class).because(PROPERTY + " is " + chosen);
            return new ConditionOutcome(chosen == wanted, message);
        }

        private static Registry chosen(Environment environment) {
            try {
                BindResult<Registry> chosen = Binder.get(environment).bind(PROPERTY, Registry.class);
                return chosen.isBound() ? chosen.get() : Registry.ETCD;
            } catch (BindException e) {
                return Registry.ETCD; // the properties' binding says what is wrong with it
            }
        }
    }
}
