package io.github.grpclb.autoconfigure;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.context.annotation.Conditional;

/**
 * Matches where a property is true as the binder understands it: {@code on} and {@code no} are values too, and a blank one is an
 * absent one. {@code @ConditionalOnProperty} knows {@code false} alone.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Conditional(OnSwitch.class)
public @interface ConditionalOnSwitch {

    /** The property's name. */
    String name();

    /** What it is where it is absent. */
    boolean byDefault();
}
