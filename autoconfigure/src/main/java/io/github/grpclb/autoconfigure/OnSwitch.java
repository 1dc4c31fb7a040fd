package io.github.grpclb.autoconfigure;

import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.convert.ConversionException;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** The condition behind {@link ConditionalOnSwitch}. */
final class OnSwitch extends SpringBootCondition {

    @Override
    public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
        Map<String, @Nullable Object> attributes =
                Objects.requireNonNull(metadata.getAnnotationAttributes(ConditionalOnSwitch.class.getName()));
        String name = String.valueOf(attributes.get("name"));
        boolean on = isOn(context.getEnvironment(), name, Boolean.TRUE.equals(attributes.get("byDefault")));
        return new ConditionOutcome(
                on, ConditionMessage.forCondition(ConditionalOnSwitch.class).because(name + " is " + on));
    }

    private static boolean isOn(Environment environment, String name, boolean byDefault) {
        try {
            Boolean value = environment.getProperty(name, Boolean.class);
            return value == null ? byDefault : value;
        } catch (ConversionException e) {
            return byDefault; // the binder says what is wrong with it
        }
    }
}
