package io.github.grpclb.xds.ads;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a stream has asked for of one type, and what it has been told of it. For the loop's thread. */
final class Subscription {

    /** Stands for all there are. */
    static final String WILDCARD = "*";

    /** Asked for by name. */
    final Set<String> named = new LinkedHashSet<>();

    /** All that it hears of: the named ones and, with the wildcard, the others. */
    final Set<String> followed = new LinkedHashSet<>();

    /** The versions that the client was sent, or came with. */
    final Map<String, String> told = new TreeMap<>();

    /** Asked for, and not answered. */
    final Set<String> asked = new LinkedHashSet<>();

    /** Changed since it was told. */
    final Set<String> changed = new LinkedHashSet<>();

    boolean wildcard;
    boolean everNamed;
    boolean begun;

    /** Whether the client came with something of the type, from a stream before this one. */
    boolean resumed;

    /** Whether it is to be told something even where there is nothing. */
    boolean owed;

    /** Of the last response. */
    String lastNonce = "";

    /** What the last response held, until the client has said something to it; null from then on. */
    private @Nullable Set<String> awaited;

    /** Why the client rejected what it was told last, in its words. */
    private final Map<String, String> rejections = new HashMap<>();

    /** Says whether there may be something to say. */
    boolean isDirty(boolean changesToo) {
        return awaited == null && (owed || !asked.isEmpty() || (changesToo && !changed.isEmpty()));
    }

    /** Says whether the last response is neither accepted nor rejected yet. */
    boolean isAwaited() {
        return awaited != null;
    }

    /** Says whether the client has said nothing yet to what it was told of a name. */
    boolean isAwaited(String name) {
        return awaited != null && awaited.contains(name);
    }

    /** Returns why the client rejected what it was told of a name; null where it did not. */
    @Nullable
    String rejection(String name) {
        return rejections.get(name);
    }

    /** Takes out what there may be something to say of. */
    Set<String> takeDirty(boolean changesToo) {
        Set<String> names = new LinkedHashSet<>(asked);
        if (changesToo) {
            names.addAll(changed);
            changed.clear();
        } else {
            changed.removeAll(asked);
        }
        asked.clear();
        return names;
    }

    /** Takes note that the client has, or is sent, all of this and nothing else. */
    void settle(Map<String, String> versions) {
        told.clear();
        told.putAll(versions);
        asked.clear();
        changed.clear();
        owed = false;
    }

    /** Takes note of a response that goes out, about these. */
    void sent(String nonce, Collection<String> names) {
        awaited = Set.copyOf(names);
        owed = false;
        lastNonce = nonce;
    }

    /**
     * Takes note of what the client says to the last response.
     *
     * @param error why it rejects it, or null where it accepts it
     */
    void answered(@Nullable String error) {
        if (awaited == null) {
            return;
        }
        for (String name : awaited) {
            if (error == null) {
                rejections.remove(name);
            } else if (followed.contains(name)) {
                rejections.put(name, error);
            }
        }
        awaited = null;
    }

    void forget(String name) {
        named.remove(name);
        told.remove(name);
        asked.remove(name);
        changed.remove(name);
        rejections.remove(name);
    }
}
