package io.github.grpclb.autoconfigure.properties;

import io.github.grpclb.discovery.Internal;
import java.util.Map;

/**
 * Tells from which of two records a property comes, of which one has what is set for one, and goes before the other.
 *
 * @param prefix where the one's properties stand, ending in a dot
 * @param own the one's
 * @param prefixOfAll where those of all stand
 * @param all those of all
 */
@Internal
public record OwnOverAll(String prefix, Record own, String prefixOfAll, Record all) {

    /** Returns the full name of the property that a field comes from: the own one, if that is set, or should be beside others. */
    public String property(String jsonPath) {
        String block = jsonPath.replaceAll("[.\\[].*", "");
        boolean isOwn = isSet(own, jsonPath) || !isSet(all, jsonPath) && isSet(own, block);
        return (isOwn ? prefix : prefixOfAll) + RecordJson.propertyName(jsonPath);
    }

    private static boolean isSet(Record properties, String jsonPath) {
        Object at = RecordJson.of(properties);
        for (String name : jsonPath.replaceAll("\\[.*", "").split("\\.")) {
            at = at instanceof Map<?, ?> map ? map.get(name) : null;
        }
        return at != null;
    }
}
