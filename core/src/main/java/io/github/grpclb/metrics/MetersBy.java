package io.github.grpclb.metrics;

import io.github.grpclb.discovery.Internal;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Meters by the value of an enum, each made at its first use, so that there is none for what never happens. Finding one is an
 * array access. Thread-safe.
 */
@Internal
public final class MetersBy<E extends Enum<E>, M> {

    private final AtomicReferenceArray<@Nullable M> meters;
    private final Function<E, M> maker;

    /**
     * Creates it without meters.
     *
     * @param maker makes a meter, and may be asked twice for the same: a registry returns what it has
     */
    public MetersBy(Class<E> type, Function<E, M> maker) {
        this.meters = new AtomicReferenceArray<>(type.getEnumConstants().length);
        this.maker = maker;
    }

    public M get(E value) {
        M known = meters.get(value.ordinal());
        if (known == null) {
            known = maker.apply(value);
            meters.set(value.ordinal(), known);
        }
        return known;
    }
}
