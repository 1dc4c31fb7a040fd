package io.github.grpclb.autoconfigure.properties;

import io.github.grpclb.discovery.Internal;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.LinkedHashSet;
import java.util.Set;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;

/** Tells a native image of records that properties are bound to, and that {@link Records} reads and makes. */
@Internal
public final class RecordHints {

    private RecordHints() {}

    /** Registers records, and those in their components, lists and maps included. */
    public static void register(RuntimeHints hints, Class<?>... records) {
        Set<Class<?>> all = new LinkedHashSet<>();
        for (Class<?> record : records) {
            collect(record, all);
        }
        all.forEach(record -> hints.reflection()
                .registerType(
                        record, MemberCategory.INVOKE_DECLARED_CONSTRUCTORS, MemberCategory.INVOKE_DECLARED_METHODS));
    }

    private static void collect(Type type, Set<Class<?>> all) {
        if (type instanceof ParameterizedType generic) {
            for (Type argument : generic.getActualTypeArguments()) {
                collect(argument, all);
            }
        } else if (type instanceof Class<?> record && record.isRecord() && all.add(record)) {
            for (RecordComponent component : record.getRecordComponents()) {
                collect(component.getGenericType(), all);
            }
        }
    }
}
