package io.github.grpclb.autoconfigure.properties;

import io.github.grpclb.discovery.Internal;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads and combines records of properties component by component. */
@Internal
public final class Records {

    private Records() {}

    /** Returns a component's value; null where it is not set. */
    static @Nullable Object valueOf(RecordComponent component, Record record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("cannot read " + component, e);
        }
    }

    /** Returns a record of which nothing is set. Its components are all nullable. */
    public static <T extends Record> T empty(Class<T> type) {
        return create(type, new Object[type.getRecordComponents().length]);
    }

    /** Returns a record with whatever is set in the first, and that of the second where it is not; so with records in them. */
    @SuppressWarnings("unchecked") // a record's class has no subclass
    static <T extends Record> T over(T own, T common) {
        return create(
                (Class<T>) own.getClass(),
                Arrays.stream(own.getClass().getRecordComponents())
                        .map(component -> orCommon(valueOf(component, own), valueOf(component, common)))
                        .toArray());
    }

    private static <T extends Record> T create(Class<T> type, @Nullable Object[] values) {
        Class<?>[] types = Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        try {
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot create " + type, e);
        }
    }

    private static @Nullable Object orCommon(@Nullable Object own, @Nullable Object common) {
        if (own instanceof Record mine && common instanceof Record theirs) {
            return over(mine, theirs);
        }
        return own != null ? own : common;
    }
}
