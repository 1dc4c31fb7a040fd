package io.github.grpclb.actuate;

import io.github.grpclb.timeline.Timeline;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The section {@code timeline}: what happened lately, the oldest first. Thread-safe. */
public final class TimelineSection implements Section {

    /** The version of the answer's form: another one where a field is taken away, or means something else. */
    private static final int VERSION = 1;

    private final Timeline timeline;

    /**
     * Creates the section.
     *
     * @param timeline what is told of
     */
    public TimelineSection(Timeline timeline) {
        this.timeline = timeline;
    }

    @Override
    public String name() {
        return "timeline";
    }

    /** Returns the events after {@link SectionQuery#since()}, of {@link SectionQuery#service()} where that is given. */
    @Override
    public Answer read(SectionQuery query) {
        List<Timeline.Event> events = timeline.since(query.since());
        // events are timed by the monotonic clock; people read the wall's
        Instant now = Instant.now();
        long nanoTime = timeline.nanoTime().getAsLong();
        return new Answer(
                VERSION,
                timeline.last(),
                events.stream()
                        .filter(event -> query.service() == null
                                || event.service() == null
                                || event.service().equals(query.service()))
                        .map(event -> Event.of(event, now.minusNanos(nanoTime - event.nanoTime())))
                        .toList());
    }

    /**
     * What is told.
     *
     * @param version of this form
     * @param last the number of the last event: what to ask with next time, as {@code since}; 0 where there was none
     * @param events the oldest first
     */
    public record Answer(int version, long last, List<Event> events) {}

    /** See {@link Timeline.Event}. */
    public record Event(
            long number,
            String at,
            @Nullable String service,
            @Nullable String address,
            @Nullable String id,
            Timeline.Kind kind,
            String cause) {

        static Event of(Timeline.Event event, Instant at) {
            return new Event(
                    event.number(),
                    at.toString(),
                    event.service(),
                    event.address(),
                    event.id(),
                    event.kind(),
                    event.cause());
        }
    }
}
