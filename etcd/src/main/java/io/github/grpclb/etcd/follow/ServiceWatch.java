package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.github.grpclb.discovery.follow.Alarm;
import io.github.grpclb.discovery.follow.ColdStart;
import io.github.grpclb.discovery.follow.EndpointPublisher;
import io.github.grpclb.discovery.follow.Feed;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdBackoff;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.RecordRules;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one service: reads the list at one revision, then watches from the next. Whatever ends the watch, or makes it
 * doubtful, leads to a fresh list; meanwhile, and while etcd is away, the last list stands. For the loop's thread.
 */
final class ServiceWatch implements Feed {

    private static final Logger log = LoggerFactory.getLogger(ServiceWatch.class);

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
    private final EtcdApi api;
    private final RegistryObserver observer;
    private final EndpointTable table;
    private final EtcdBackoff backoff;
    private final EndpointPublisher publisher;
    private final Departures departures;
    private final ColdStart<List<KeyValue>> coldStart;

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

    ServiceWatch(String service, EtcdLoop loop, EtcdApi api, Following following, EndpointPublisher publisher) {
        this.service = service;
        this.prefix = following.keys().servicePrefix(service);
        this.loop = loop;
        this.api = api;
        this.observer = following.observer();
        RecordRules rules = following.rules();
        this.table = new EndpointTable(
                service, loop, new EndpointCodec(following.keys(), rules.addresses()), observer, rules.maxEndpoints());
        this.publisher = publisher;
        this.departures = new Departures(loop, api, table::leases, publisher::deregistered);
        this.coldStart = new ColdStart<>(service, loop, publisher, following.lists(), this::read);
        this.backoff = new EtcdBackoff(loop);
        this.next = new Alarm(loop);
        this.probe = new Alarm(loop);
    }

    @Override
    public void start() {
        next.set(Duration.ZERO, this::list);
    }

    /** Reads the list now if the watch is down, unless etcd has refused it or it was read just before. */
    @Override
    public void refresh() {
        if (state == State.WAITING && !refused && loop.since(listedAt).compareTo(REFRESH_FLOOR) >= 0) {
            list();
        }
    }

    @Override
    public void close() {
        if (state != State.CLOSED) {
            state = State.CLOSED;
            next.cancel();
            endRound();
            log.info("{}: closed", LogText.of(service));
        }
    }

    /** Reads a list of an earlier process. */
    private List<Endpoint> read(List<KeyValue> saved) {
        table.replace(saved);
        return table.listed();
    }

    private void list() {
        next.set(LIST_PATIENCE, () -> listOverdue(1));
        step(() -> {
            endRound();
            state = State.LISTING;
            listedAt = loop.now();
            read = PagedRead.start(loop, api, prefix, this::listed, failure -> failed(failure, Restart.LIST_FAILED));
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
        boolean first = !publisher.isLive();
        long at = list.revision();
        read = null; // it holds all records
        table.replace(list.records());
        revision = at;
        loop.logLimit().over(prefix);
        if (first) {
            int size = table.endpoints().size();
            log.info("{}: watching from revision {}, {} endpoints", LogText.of(service), at, size);
        }
        publisher.publishSoon(at, table::listed);
        state = State.WATCHING;
        long watching = round;
        answersProbes = false;
        probe.set(PROBE_PATIENCE, () -> silent(watching));
        watch = api.watch(prefix, at + 1, new Listener(watching));
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
        if (watching == round && loop.logLimit().isNew(ServiceWatch.class, prefix)) {
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
        notifyRestart(Restart.PERIODIC);
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
        notifyRestart(reason);
        String why = String.valueOf(failure.getMessage());
        if (failure.needsAPerson()) {
            coldStart.refused(why);
        } else {
            coldStart.unreachable(why, failure.isTimeout());
        }
        boolean matters = reason == Restart.LIST_FAILED || failure.needsAPerson();
        if (matters
                && failure.kind() != EtcdException.Kind.UNREACHABLE
                && loop.logLimit().isNew(prefix, failure.kind())) {
            log.warn("{}: cannot be followed: {}; retrying", LogText.of(service), failure.getMessage());
        }
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

    private void notifyRestart(Restart reason) {
        loop.foreign(() -> observer.watchRestarted(service, reason));
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
                    take(events);
                    publisher.publishSoon(current, table::listed);
                    departures.judge();
                }
            });
        }

        private void take(List<EtcdApi.Event> events) {
            departures.begin();
            for (EtcdApi.Event event : events) {
                if (KeySpace.isBelow(prefix, event.record().key())) {
                    departures.note(event.record().modRevision(), table.deletedBy(event));
                    table.apply(event);
                }
            }
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
