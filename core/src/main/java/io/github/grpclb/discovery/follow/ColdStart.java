package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a service's followers hear while its first list has not come: the list that outlived the last process, where there
 * is one, else why there is none. That a first answer does not come in time says little in a fresh process on a busy machine: without
 * a list of the last process nobody hears of it before the next attempt has failed too. A list of the registry's own always wins. For
 * the loop's thread.
 *
 * @param <R> what a list is as the registry holds it
 */
@Internal
public final class ColdStart<R> {

    private static final Logger log = LoggerFactory.getLogger(ColdStart.class);

    /** Where the search for a saved list stands. */
    private enum State {
        /** Nothing has failed so far. */
        IDLE, // -> ASKED
        /** The saved list is being read; nobody is told of the failure before that has ended. */
        ASKED, // -> DONE
        /** It was read, or there is none. */
        DONE
    }

    private final String service;
    private final RegistryLoop loop;
    private final EndpointPublisher publisher;
    private final LastLists<R> lists;
    private final Function<R, List<Endpoint>> reader;
    private State state = State.IDLE;
    private String reason = "";
    private boolean reasonCounts;

    /**
     * Creates one for a service that has just begun to be followed.
     *
     * @param reader reads the endpoints of a list that was kept, as those of one that came from the registry
     */
    public ColdStart(
            String service,
            RegistryLoop loop,
            EndpointPublisher publisher,
            LastLists<R> lists,
            Function<R, List<Endpoint>> reader) {
        this.service = service;
        this.loop = loop;
        this.publisher = publisher;
        this.lists = lists;
        this.reader = reader;
    }

    /** The list could not be read: the registry was away. */
    public void unreachable(String why, boolean isTimeout) {
        reason = why;
        reasonCounts = state != State.IDLE || !isTimeout;
        if (state == State.IDLE && !publisher.hasPublished()) {
            state = State.ASKED;
            lists.recall(service, saved -> loop.execute(() -> recalled(saved)));
        } else {
            tell();
        }
    }

    /** The list could not be read: the registry turned this process away, which gets no list past it. */
    public void refused(String why) {
        reason = why;
        reasonCounts = true;
        tell();
    }

    private void tell() {
        if (state != State.ASKED) {
            publisher.unavailable(reason);
        }
    }

    private void recalled(@Nullable SavedList<R> saved) {
        state = State.DONE;
        if (publisher.hasPublished()) {
            return;
        }
        List<Endpoint> endpoints = saved == null ? List.of() : reader.apply(saved.records());
        if (saved == null || endpoints.isEmpty()) {
            if (reasonCounts) {
                publisher.unavailable(reason);
            }
            return;
        }
        log.warn(
                "{}: starting from the snapshot of {} ({}), {} endpoints, as there is no list of the registry's own: {}",
                LogText.of(service),
                localTime(saved.asOf()),
                LogText.of(saved.origin()),
                endpoints.size(),
                LogText.of(reason));
        publisher.publishSaved(endpoints);
        publisher.unavailable(reason);
    }

    private static String localTime(long millis) {
        return DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
                Instant.ofEpochMilli(millis).truncatedTo(ChronoUnit.SECONDS).atZone(ZoneId.systemDefault()));
    }
}
