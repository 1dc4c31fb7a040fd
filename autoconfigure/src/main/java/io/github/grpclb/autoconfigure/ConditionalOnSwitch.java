package io.github.grpclb.autoconfigure;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.List;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.convert.ConversionException;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Matches where a property is true as the binder understands it: {@code on} and {@code no} are values too, and a blank one is an
 * absent one. {@code @ConditionalOnProperty} knows {@code false} alone.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Conditional(ConditionalOnSwitch.OnSwitch.class)
public @interface ConditionalOnSwitch {

    /** The property's name. */
    String name();

    /** What it is where it is absent. */
    boolean byDefault();

    /** Reads the property. */
    final class OnSwitch extends SpringBootCondition {

        @Override
        public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
            Environment environment = context.getEnvironment();
            // all of them: one may stand on another annotation, beside one on the class itself
            List<String> off = metadata.getAnnotations().stream(ConditionalOnSwitch.class)
                    .filter(annotation ->
                            !isOn(environment, annotation.getString("name"), annotation.getBoolean("byDefault")))
                    .map(annotation -> annotation.getString("name"))
                    .toList();
            ConditionMessage.Builder message = ConditionMessage.forCondition(ConditionalOnSwitch.class);
            return off.isEmpty()
                    ? ConditionOutcome.match(message.because("on"))
                    : ConditionOutcome.noMatch(message.because(String.join(", ", off) + " is off"));
        }

        private static boolean isOn(Environment environment, String name, boolean byDefault) {
            try {
                Boolean value = environment.getProperty(name, Boolean.class);
                return value == null ? byDefault : value;
            } catch (ConversionException e) {
                return true; // the binder says what is wrong with it, where it is asked to
            }
        }
    }
}
