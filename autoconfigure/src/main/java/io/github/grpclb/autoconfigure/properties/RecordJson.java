package io.github.grpclb.autoconfigure.properties;

import io.github.grpclb.discovery.Internal;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Turns records of properties into what gRPC takes for JSON, name by name; what is not set, or an empty
 * text, is left out. */
@Internal
public final class RecordJson {

    private RecordJson() {}

    /** Returns the record's components by name. */
    public static Map<String, Object> of(Record properties) {
        Map<String, Object> json = new LinkedHashMap<>();
        for (RecordComponent component : properties.getClass().getRecordComponents()) {
            Object value = Records.valueOf(component, properties);
            if (value != null && !"".equals(value)) {
                json.put(component.getName(), json(value));
            }
        }
        return json;
    }

    /** Takes the property {@code enabled} off the objects that have it; where it is false, nothing is left of the object. */
    public static Map<String, Object> withoutSwitches(Map<String, Object> json) {
        Map<String, Object> switched = new LinkedHashMap<>();
        json.forEach((name, value) -> {
            if (!(value instanceof Map<?, ?> object) || !object.containsKey("enabled")) {
                switched.put(name, value);
            } else if (Boolean.TRUE.equals(object.get("enabled"))) {
                Map<?, ?> rest = new LinkedHashMap<>(object);
                rest.remove("enabled");
                switched.put(name, rest);
            }
        });
        return switched;
    }

    /** Returns the property's name: {@code outlier-detection.interval} for {@code outlierDetection.interval}. */
    public static String propertyName(String jsonPath) {
        return jsonPath.replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
    }

    private static Object json(Object value) {
        if (value instanceof Record nested) {
            return of(nested);
        } else if (value instanceof Collection<?> list) {
            return list.stream().map(RecordJson::json).toList();
        } else if (value instanceof Number number) {
            return number.doubleValue();
        } else if (value instanceof Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT);
        } else if (value instanceof Duration) {
            return value.toString();
        }
        return value;
    }
}
