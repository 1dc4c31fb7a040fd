package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Internal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Those who are told of one service. Whoever throws at what it is told is told a moment later what is known by then. For the loop's
 * thread.
 *
 * @param <L> a listener
 */
@Internal
public final class Listeners<L> {

    private final RegistryLoop loop;
    private final Consumer<L> known;
    private final List<L> all = new ArrayList<>();

    /** Those that threw at what they were last told. */
    private final Set<L> owed = new LinkedHashSet<>();

    private final Backoff backoff;
    private final Alarm again;

    /**
     * Creates it without any.
     *
     * @param known tells a listener all that is known
     */
    public Listeners(RegistryLoop loop, Consumer<L> known) {
        this.loop = loop;
        this.known = known;
        this.backoff = new Backoff(loop);
        this.again = new Alarm(loop);
    }

    /** Adds one, and tells it what is known. */
    public void add(L listener) {
        all.add(listener);
        tellKnown(listener);
    }

    /** Removes one; returns whether it was the last one. */
    public boolean remove(L listener) {
        owed.remove(listener);
        return all.remove(listener) && all.isEmpty();
    }

    /** Tells all what is known. */
    public void tellKnown() {
        List.copyOf(all).forEach(this::tellKnown);
    }

    /** Tells all of something that is part of what is known. */
    public void tell(Consumer<L> what) {
        for (L listener : List.copyOf(all)) {
            if (!loop.foreign(() -> what.accept(listener))) {
                owe(listener);
            }
        }
    }

    /** Tells all of something that is not told again. */
    public void mention(Consumer<L> what) {
        List.copyOf(all).forEach(listener -> loop.foreign(() -> what.accept(listener)));
    }

    /** Whether a listener threw at what it was last told. */
    public boolean isOwed(L listener) {
        return owed.contains(listener);
    }

    /** Tells nobody any more. */
    public void close() {
        again.cancel();
        all.clear();
        owed.clear();
    }

    private void tellKnown(L listener) {
        if (loop.foreign(() -> known.accept(listener))) {
            owed.remove(listener);
        } else {
            owe(listener);
        }
    }

    private void owe(L listener) {
        if (owed.isEmpty()) {
            again.set(backoff.next(), this::tellAgain);
        }
        owed.add(listener);
    }

    private void tellAgain() {
        again.set(backoff.next(), this::tellAgain);
        List.copyOf(owed).forEach(this::tellKnown);
        if (owed.isEmpty()) {
            again.cancel();
            backoff.reset();
        }
    }
}
