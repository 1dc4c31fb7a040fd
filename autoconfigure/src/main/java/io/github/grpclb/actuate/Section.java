package io.github.grpclb.actuate;

import org.jspecify.annotations.Nullable;

/**
 * A part of what the actuator's endpoint {@code grpclb} tells, read at {@code grpclb/<name>}. A bean of this type is a section. Reading
 * changes nothing, but that of {@link PreStopSection}, which has a switch of its own. Thread-safe.
 */
public interface Section {

    /** Returns its name, which is the last part of its path: lower-case letters and hyphens. */
    String name();

    /**
     * Reads it.
     *
     * @return what becomes JSON; null where there is nothing of that kind, which is told as 404
     * @throws IllegalArgumentException if the query asks for something that cannot be; told as 400 with the message
     */
    @Nullable
    Object read(SectionQuery query);
}
