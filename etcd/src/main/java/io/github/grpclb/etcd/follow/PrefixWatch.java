package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.github.grpclb.discovery.follow.Alarm;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdBackoff;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdKeys;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the records of one service below one prefix: reads the list at one revision, then watches from the next. Whatever ends the
 * watch, or makes it doubtful, leads to a fresh list; meanwhile, and while etcd is away, the last list stands. For the loop's thread.
 */
@Internal
public final class PrefixWatch {

    /** Hears of the records, on the loop's thread. What it throws leads to a fresh list. */
    public interface Records {

        /** A whole list, in place of all that was known; in the order of the keys. */
        void listed(long revision, List<KeyValue> records);

        /** Changes, up to and including a revision; none where keys that are no records changed. */
        void changed(long revision, List<EtcdApi.Event> changes);

        /** The list is read again, for whatever reason. */
        default void restarted(Restart reason) {}

        /** The records are not followed at present; they are asked for again. */
        void failed(EtcdException failure, Restart reason);
    }

    private static final Logger log = LoggerFactory.getLogger(PrefixWatch.class);

    private static final Duration RELIST = Duration.ofSeconds(60);
    private static final double RELIST_JITTER = 0.2;
    private static final Duration PROBE = Duration.ofSeconds(30);
    private static final Duration PROBE_PATIENCE = Duration.ofSeconds(5);
    private static final Duration REFRESH_FLOOR = Duration.ofSeconds(5);

    /** A list of which no page comes for so long is read anew. */
    private static final Duration LIST_PATIENCE = Duration.ofSeconds(30);

    /** A watch that held for so long is not one that fails again and again. */
    private static final Duration STABLE = Duration.ofSeconds(5);

    /** Where a watch stands. */
    private enum State {
        /** The list is being read. */
        LISTING, // -> WATCHING, WAITING, CLOSED
        /** Changes arrive. */
        WATCHING, // -> LISTING, WAITING, CLOSED
        /** Something failed; the list is read again in a moment. */
        WAITING, // -> LISTING, CLOSED
        /** Nobody wants it any more. */
        CLOSED
    }

    private final String service;
    private final String prefix;
    private final EtcdLoop loop;
    private final EtcdKeys reads;
    private final Records records;
    private final EtcdBackoff backoff;

    /** What is done next, whatever is thrown meanwhile: set before the work. */
    private final Alarm next;

    private final Alarm probe;

    private State state = State.LISTING;
    private long round;
    private @Nullable PagedRead read;
    private EtcdApi.@Nullable Watch watch;
    private boolean refused;
    private boolean answersProbes;
    private long revision;
    private long askedAtRevision;
    private long listedAt;

    /**
     * Creates one that has not begun.
     *
     * @param service whose records they are, for the log
     * @param prefix ends in "/"
     * @param reads how they are read and followed
     */
    public PrefixWatch(String service, String prefix, EtcdLoop loop, EtcdKeys reads, Records records) {
        this.service = service;
        this.prefix = prefix;
        this.loop = loop;
        this.reads = reads;
        this.records = records;
        this.backoff = new EtcdBackoff(loop);
        this.next = new Alarm(loop);
        this.probe = new Alarm(loop);
    }

    /** Begins; called once. */
    public void start() {
        next.set(Duration.ZERO, this::list);
    }

    /** Reads the list now if the watch is down, unless etcd has refused it or it was read just before. */
    public void refresh() {
        if (state == State.WAITING && !refused && loop.since(listedAt).compareTo(REFRESH_FLOOR) >= 0) {
            list();
        }
    }

    /** Ends it; returns whether it was not ended yet. */
    public boolean close() {
        if (state == State.CLOSED) {
            return false;
        }
        state = State.CLOSED;
        next.cancel();
        endRound();
        return true;
    }

    private void list() {
        next.set(LIST_PATIENCE, () -> listOverdue(1));
        step(() -> {
            endRound();
            state = State.LISTING;
            listedAt = loop.now();
            read = PagedRead.start(
                    loop, reads, prefix, this::isRecord, this::listed, failure -> failed(failure, Restart.LIST_FAILED));
        });
    }

    /** The list has not come; where pages do, it is long. */
    private void listOverdue(int pages) {
        PagedRead reading = read;
        if (reading != null && reading.pages() > pages) {
            next.set(LIST_PATIENCE, () -> listOverdue(reading.pages()));
        } else {
            list();
        }
    }

    private void listed(EtcdApi.Page list) {
        next.set(loop.jittered(RELIST, RELIST_JITTER), this::listAgain);
        read = null; // it holds all records
        revision = list.revision();
        records.listed(revision, list.records());
        state = State.WATCHING;
        long watching = round;
        answersProbes = false;
        probe.set(PROBE_PATIENCE, () -> silent(watching));
        watch = reads.watch(prefix, list.revision() + 1, new Listener(watching));
    }

    /** The watch answered in some way: the next sign of life is asked for later, if there is one to be had. */
    private void alive(long watching) {
        if (answersProbes) {
            probe.set(loop.jittered(PROBE, RELIST_JITTER), () -> probe(watching, () -> silent(watching)));
        }
    }

    private void probe(long watching, Runnable onSilence) {
        EtcdApi.Watch probed = watch;
        if (watching == round && probed != null) {
            probe.set(PROBE_PATIENCE, onSilence);
            askedAtRevision = revision;
            step(probed::requestProgress);
        }
    }

    /** The watch stands, and has not answered the first probe: {@code etcd grpc-proxy} answers none. Then the lists have to do. */
    private void withoutProbes(long watching) {
        if (watching == round && loop.logLimit().isNew(PrefixWatch.class, prefix)) {
            log.info(
                    "{}: no answer to a progress request, as from etcd grpc-proxy: should the watch fall silent, changes are found when"
                            + " the list is read again, every {} s",
                    LogText.of(service),
                    RELIST.toSeconds());
        }
    }

    private void silent(long watching) {
        if (watching == round) {
            failed(new EtcdException(EtcdException.Kind.UNREACHABLE, "the watch is silent"), Restart.SILENT);
        }
    }

    private void listAgain() {
        backoff.reset();
        list();
        records.restarted(Restart.PERIODIC);
    }

    /** Does something that is followed by a fresh list where it throws. */
    private void step(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            failed(loop.caught(e), Restart.ENDED);
        }
    }

    private void failed(EtcdException failure, Restart reason) {
        if (state == State.CLOSED) {
            return;
        }
        if (state == State.WATCHING && loop.since(listedAt).compareTo(STABLE) >= 0) {
            backoff.reset();
        }
        next.set(backoff.next(failure), this::list);
        endRound();
        state = State.WAITING;
        refused = failure.needsAPerson();
        log.debug("{}: {} ({})", service, failure.getMessage(), reason);
        records.restarted(reason);
        records.failed(failure, reason);
    }

    private boolean isRecord(String key) {
        return KeySpace.isBelow(prefix, key);
    }

    /** Ends the list or the watch under way: what still arrives of it is not heard. */
    private void endRound() {
        round++;
        probe.cancel();
        if (read != null) {
            read.cancel();
        }
        EtcdApi.Watch last = watch;
        watch = null;
        if (last != null) {
            loop.guard(last::close);
        }
    }

    /** Hears of one round's watch. */
    private final class Listener implements EtcdApi.WatchListener {

        private final long watching;

        Listener(long watching) {
            this.watching = watching;
        }

        @Override
        public void onCreated(long current) {
            step(() -> {
                if (seen(current, revision)) {
                    probe(watching, () -> withoutProbes(watching));
                }
            });
        }

        @Override
        public void onEvents(long current, List<EtcdApi.Event> events) {
            step(() -> {
                if (seen(current, revision)) {
                    revision = current;
                    records.changed(
                            current,
                            events.stream()
                                    .filter(event -> isRecord(event.record().key()))
                                    .toList());
                }
            });
        }

        @Override
        public void onProgress(long current) {
            step(() -> {
                answersProbes = true;
                seen(current, askedAtRevision); // events of a later revision may have overtaken the answer
            });
        }

        /**
         * Returns whether what is heard is news. An etcd that lost data may be behind what it has told before; a proxy can keep the
         * stream over that.
         */
        private boolean seen(long current, long before) {
            if (watching != round) {
                return false;
            }
            if (current < before) {
                failed(
                        new EtcdException(EtcdException.Kind.REFUSED, "etcd's revision went back"),
                        Restart.REVISION_WENT_BACK);
                return false;
            }
            alive(watching);
            return true;
        }

        @Override
        public void onEnd(EtcdException cause) {
            if (watching == round) {
                boolean compacted = cause.kind() == EtcdException.Kind.COMPACTED;
                failed(cause, compacted ? Restart.COMPACTED : Restart.ENDED);
            }
        }
    }
}
