package io.github.grpclb.etcd.override;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.OverrideStore;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** What overrides are called, and so their keys. */
final class OverrideName {

    private static final Pattern NAME = Pattern.compile("[^\\s\\p{Cntrl}\\p{Cf}/]+");
    private static final String AS_THEY_ARE =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:[]@+=,";

    private OverrideName() {}

    /** Returns the name of what is to be: the given one, or one that says whom it is about. */
    static String of(OverrideStore.Draft draft) {
        String name = draft.name();
        return name != null ? name : of(draft.selector(), draft.effect());
    }

    /** One server, zone or version has one override, and the service one of each kind: another one takes its place. */
    private static String of(Override.Selector selector, Override.Effect effect) {
        if (selector instanceof Override.Selector.Server server) {
            return "server-" + escaped(server.idOrAddress());
        }
        if (selector instanceof Override.Selector.Zone zone) {
            return "zone-" + escaped(zone.zone());
        }
        if (selector instanceof Override.Selector.Version version) {
            return "version-" + escaped(version.version());
        }
        if (effect instanceof Override.Effect.Policy) {
            return "policy";
        }
        return effect instanceof Override.Effect.Split ? "split" : "service";
    }

    /**
     * Returns the key of an override.
     *
     * @throws IllegalValueException if that is no name
     */
    static String key(KeySpace keys, String service, String name) {
        String prefix = keys.servicePrefix(service);
        String key = prefix + name;
        if (!NAME.matcher(name).matches() || !KeySpace.isBelow(prefix, key)) {
            throw new IllegalValueException(
                    "name", LogText.of(name), "visible characters without '/', in all a key of at most 512 bytes");
        }
        return key;
    }

    private static String escaped(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            if (AS_THEY_ARE.indexOf(each) >= 0) {
                out.append((char) each);
            } else {
                out.append(String.format("%%%02X", each));
            }
        }
        return out.toString();
    }
}
