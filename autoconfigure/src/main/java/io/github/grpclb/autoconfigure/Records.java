package io.github.grpclb.autoconfigure;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads and combines records of properties component by component. */
final class Records {

    private Records() {}

    /** Returns a component's value; null where it is not set. */
    static @Nullable Object valueOf(RecordComponent component, Record record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("cannot read " + component, e);
        }
    }

    /** Returns a record with whatever is set in the first, and that of the second where it is not; so with records in them. */
    @SuppressWarnings("unchecked") // a record's constructor makes no other
    static <T extends Record> T over(T own, T common) {
        RecordComponent[] components = own.getClass().getRecordComponents();
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Object[] values = Arrays.stream(components)
                .map(component -> orCommon(valueOf(component, own), valueOf(component, common)))
                .toArray();
        try {
            return (T) own.getClass().getDeclaredConstructor(types).newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot create " + own.getClass(), e);
        }
    }

    private static @Nullable Object orCommon(@Nullable Object own, @Nullable Object common) {
        if (own instanceof Record mine && common instanceof Record theirs) {
            return over(mine, theirs);
        }
        return own != null ? own : common;
    }
}
