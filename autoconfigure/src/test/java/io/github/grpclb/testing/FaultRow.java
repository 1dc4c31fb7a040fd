package io.github.grpclb.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Says which faults a test, or every test of a class, shows: rows of the fault list. {@code bin/chaos} runs the tests of a row and
 * holds the row broken when one of them fails, or when there is none.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface FaultRow {

    /** Numbers of the rows, 1 to 51. */
    int[] value();
}
