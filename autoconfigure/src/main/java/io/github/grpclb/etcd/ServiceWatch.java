package io.github.grpclb.etcd;

import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.etcd.EtcdObserver.Restart;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one service: reads the list at one revision, then watches from the next. Whatever ends the watch, or makes it
 * doubtful, leads to a fresh list; meanwhile, and while etcd is away, the last list stands. For the loop's thread.
 */
final class ServiceWatch {

    private static final Logger log = LoggerFactory.getLogger(ServiceWatch.class);

    private static final Duration RELIST = Duration.ofSeconds(60);
    private static final double RELIST_JITTER = 0.2;
    private static final Duration PROBE = Duration.ofSeconds(30);
    private static final Duration PROBE_PATIENCE = Duration.ofSeconds(5);
    private static final Duration REFRESH_FLOOR = Duration.ofSeconds(5);

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
    private final EtcdApi api;
    private final EtcdObserver observer;
    private final EndpointTable table;
    private final Backoff backoff;
    private final SnapshotPublisher publisher;
    private final Departures departures;
    private final ColdStart coldStart;
    private final Complaints complaints = new Complaints();

    private State state = State.LISTING;
    private long round;
    private @Nullable PagedRead read;
    private EtcdApi.@Nullable Watch watch;
    private EtcdLoop.Timer stateTimer = EtcdLoop.Timer.NONE;
    private EtcdLoop.Timer probeTimer = EtcdLoop.Timer.NONE;
    private boolean refused;
    private boolean answersProbes;
    private boolean complainedOfProbes;
    private long revision;
    private long askedAtRevision;
    private long listedAt;

    ServiceWatch(String service, EtcdLoop loop, EtcdApi api, Following following) {
        this.service = service;
        this.prefix = following.keys().servicePrefix(service);
        this.loop = loop;
        this.api = api;
        this.observer = following.observer();
        RecordRules rules = following.rules();
        this.table = new EndpointTable(
                service, new EndpointCodec(following.keys(), rules.addresses()), observer, rules.maxEndpoints());
        this.publisher = new SnapshotPublisher(service, loop, table, following);
        this.departures = new Departures(loop, api, table::leases, publisher::deregistered);
        this.coldStart = new ColdStart(service, loop, table, publisher, following.lists());
        this.backoff = new Backoff(loop);
    }

    void start() {
        list();
    }

    /** Adds a listener and tells it what is known. */
    void add(EndpointListener listener) {
        publisher.add(listener);
    }

    /** Removes a listener; returns whether it was the last one. */
    boolean remove(EndpointListener listener) {
        return publisher.remove(listener);
    }

    /** Reads the list now if the watch is down, unless etcd has refused it or it was read just before. */
    void refresh() {
        if (state == State.WAITING && !refused && loop.since(listedAt).compareTo(REFRESH_FLOOR) >= 0) {
            list();
        }
    }

    void close() {
        if (state != State.CLOSED) {
            endRound();
            publisher.close();
            state = State.CLOSED;
            log.info("{}: closed", LogText.of(service));
        }
    }

    private void list() {
        endRound();
        state = State.LISTING;
        listedAt = loop.now();
        read = PagedRead.start(loop, api, prefix, this::listed, failure -> failed(failure, Restart.LIST_FAILED));
    }

    private void listed(EtcdApi.Page list) {
        boolean first = !publisher.isLive();
        long at = list.revision();
        read = null; // it holds all records
        table.replace(list.records());
        revision = at;
        complaints.over();
        if (first) {
            int size = table.endpoints().size();
            log.info("{}: watching from revision {}, {} endpoints", LogText.of(service), at, size);
        }
        publisher.publishSoon(at);
        state = State.WATCHING;
        long watching = round;
        answersProbes = false;
        watch = api.watch(prefix, at + 1, new Listener(watching));
        stateTimer = loop.after(loop.jittered(RELIST, RELIST_JITTER), this::listAgain);
        probeTimer = loop.after(PROBE_PATIENCE, () -> silent(watching));
    }

    /** The watch answered in some way: the next sign of life is asked for later, if there is one to be had. */
    private void alive(long watching) {
        if (answersProbes) {
            probeTimer.cancel();
            probeTimer = loop.after(loop.jittered(PROBE, RELIST_JITTER), () -> probe(watching, () -> silent(watching)));
        }
    }

    private void probe(long watching, Runnable onSilence) {
        if (watching == round && watch != null) {
            askedAtRevision = revision;
            watch.requestProgress();
            probeTimer.cancel();
            probeTimer = loop.after(PROBE_PATIENCE, onSilence);
        }
    }

    /** The watch stands, and has not answered the first probe: {@code etcd grpc-proxy} answers none. Then the lists have to do. */
    private void withoutProbes(long watching) {
        if (watching == round && !complainedOfProbes) {
            complainedOfProbes = true;
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
        notifyRestart(Restart.PERIODIC);
        backoff.reset();
        list();
    }

    private void failed(EtcdException failure, Restart reason) {
        if (state == State.WATCHING && loop.since(listedAt).compareTo(STABLE) >= 0) {
            backoff.reset();
        }
        endRound();
        state = State.WAITING;
        refused = failure.needsAPerson();
        log.debug("{}: {} ({})", service, failure.getMessage(), reason);
        notifyRestart(reason);
        coldStart.failed(failure);
        boolean matters = reason == Restart.LIST_FAILED || failure.needsAPerson();
        if (matters && complaints.isNew(failure)) {
            log.warn("{}: cannot be followed: {}; retrying", LogText.of(service), failure.getMessage());
        }
        stateTimer = loop.after(backoff.next(failure), this::list);
    }

    /** Ends the list or the watch under way: what still arrives of it is not heard. */
    private void endRound() {
        round++;
        stateTimer.cancel();
        probeTimer.cancel();
        if (read != null) {
            read.cancel();
        }
        EtcdApi.Watch last = watch;
        watch = null;
        if (last != null) {
            last.close();
        }
    }

    private void notifyRestart(Restart reason) {
        EtcdLoop.foreign(() -> observer.watchRestarted(service, reason));
    }

    /** Hears of one round's watch. */
    private final class Listener implements EtcdApi.WatchListener {

        private final long watching;

        Listener(long watching) {
            this.watching = watching;
        }

        @Override
        public void onCreated(long current) {
            if (seen(current, revision)) {
                probe(watching, () -> withoutProbes(watching));
            }
        }

        @Override
        public void onEvents(long current, List<EtcdApi.Event> events) {
            if (seen(current, revision)) {
                revision = current;
                departures.begin();
                for (EtcdApi.Event event : events) {
                    if (KeySpace.isBelow(prefix, event.record().key())) {
                        departures.note(event.record().modRevision(), table.deletedBy(event));
                        table.apply(event);
                    }
                }
                publisher.publishSoon(current);
                departures.judge();
            }
        }

        @Override
        public void onProgress(long current) {
            answersProbes = true;
            seen(current, askedAtRevision); // events of a later revision may have overtaken the answer
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
