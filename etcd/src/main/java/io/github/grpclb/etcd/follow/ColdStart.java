package io.github.grpclb.etcd.follow;

import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.LogText;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a service's followers hear while its first list has not come: the list that outlived the last process, where there
 * is one, else why there is none. That a first answer does not come in time says little in a fresh process on a busy machine: without
 * a list of the last process nobody hears of it before the next attempt has failed too. A list of etcd's own always wins. For the loop's thread.
 */
final class ColdStart {

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
    private final EtcdLoop loop;
    private final EndpointTable table;
    private final SnapshotPublisher publisher;
    private final LastLists lists;
    private State state = State.IDLE;
    private String reason = "";
    private boolean reasonCounts;

    ColdStart(String service, EtcdLoop loop, EndpointTable table, SnapshotPublisher publisher, LastLists lists) {
        this.service = service;
        this.loop = loop;
        this.table = table;
        this.publisher = publisher;
        this.lists = lists;
    }

    /** The list could not be read. One whom etcd turns away gets no list past etcd. */
    void failed(EtcdException failure) {
        reason = String.valueOf(failure.getMessage());
        reasonCounts = state != State.IDLE || !failure.isTimeout();
        if (state == State.IDLE && !failure.needsAPerson() && !publisher.hasPublished()) {
            state = State.ASKED;
            lists.recall(service, saved -> loop.execute(() -> recalled(saved)));
        } else if (state != State.ASKED) {
            publisher.unavailable(reason);
        }
    }

    private void recalled(@Nullable SavedList saved) {
        state = State.DONE;
        if (publisher.hasPublished()) {
            return;
        }
        if (saved != null) {
            table.replace(saved.records());
        }
        int size = table.endpoints().size();
        if (saved == null || size == 0) {
            if (reasonCounts) {
                publisher.unavailable(reason);
            }
            return;
        }
        log.warn(
                "{}: starting from the snapshot of {} ({}), {} endpoints, as there is no list of etcd's own: {}",
                LogText.of(service),
                localTime(saved.asOf()),
                LogText.of(saved.origin()),
                size,
                LogText.of(reason));
        publisher.publishSaved();
        publisher.unavailable(reason);
    }

    private static String localTime(long millis) {
        return DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
                Instant.ofEpochMilli(millis).truncatedTo(ChronoUnit.SECONDS).atZone(ZoneId.systemDefault()));
    }
}
