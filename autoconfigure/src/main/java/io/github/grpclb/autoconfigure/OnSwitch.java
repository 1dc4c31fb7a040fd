package io.github.grpclb.autoconfigure;

import java.util.List;
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
            return byDefault; // the binder says what is wrong with it
        }
    }
}
