package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.github.grpclb.discovery.follow.Alarm;
import io.github.grpclb.discovery.follow.EndpointPublisher;
import io.github.grpclb.discovery.follow.Feed;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one Service: reads the list of its EndpointSlices, then watches from the list's version. A watch that ends, as each does after
 * a while, or that breaks, goes on from the last version that was told; whatever makes that version doubtful leads to a fresh list.
 * Meanwhile, and while the API server is away, the last list stands. For the loop's thread.
 */
final class SliceFeed implements Feed {

    private static final Logger log = LoggerFactory.getLogger(SliceFeed.class);

    /** How long after its time a watch is given up that the API server has not ended. */
    static final Duration SLACK = Duration.ofSeconds(15);

    /** How far the times of watches are apart, so that not all clients come back at once. */
    private static final double JITTER = 0.2;

    /** A watch that held for so long is not one that fails again and again. */
    private static final Duration STABLE = Duration.ofSeconds(5);

    private static final Duration REFRESH_FLOOR = Duration.ofSeconds(5);

    /** A watch that said nothing for so long is begun anew where the list looks stale. */
    private static final Duration QUIET = Duration.ofSeconds(30);

    /** Where it stands. */
    private enum State {
        /** The list is being read. */
        LISTING, // -> WATCHING, WAITING, CLOSED
        /** Changes arrive. */
        WATCHING, // -> WAITING, CLOSED
        /** In a moment the list is read again, or the watch goes on. */
        WAITING, // -> LISTING, WATCHING, CLOSED
        /** Nobody wants it any more. */
        CLOSED
    }

    private final String service;
    private final ServiceTarget target;
    private final Following following;
    private final KubernetesLoop loop;
    private final SliceTable table;
    private final EndpointPublisher publisher;
    private final FailureReport report;
    private final Pauses pauses;

    /** What is done next, whatever is thrown meanwhile: set before the work. */
    private final Alarm next;

    private State state = State.LISTING;
    private @Nullable ListRead read;
    private Api.@Nullable Exchange watch;
    private Runnable afterwards = this::list;
    private boolean pauseIsAskedFor;
    private String version = "";
    private long askedAt;
    private long heardAt;

    SliceFeed(String service, Following following, EndpointPublisher publisher) {
        this.service = service;
        this.target = ServiceTarget.parse(service, following.options().namespace());
        this.following = following;
        this.loop = following.loop();
        this.publisher = publisher;
        this.table = new SliceTable(
                service,
                target,
                loop,
                following.options().addresses(),
                following.observer(),
                publisher::deregistered,
                Boolean.getBoolean("java.net.preferIPv6Addresses"));
        this.report = new FailureReport(service, target, following, publisher);
        this.pauses = new Pauses(loop);
        this.next = new Alarm(loop);
    }

    @Override
    public void start() {
        next.set(Duration.ZERO, this::list);
    }

    /**
     * Does at once what is waited with, unless the API server has asked for the pause or it was done just before. A watch that has been
     * quiet for long may have lost its other end, and goes on over another connection.
     */
    @Override
    public void refresh() {
        if (state == State.WAITING && !pauseIsAskedFor && loop.since(askedAt).compareTo(REFRESH_FLOOR) >= 0) {
            afterwards.run();
        } else if (state == State.WATCHING && loop.since(heardAt).compareTo(QUIET) >= 0) {
            watch();
        }
    }

    @Override
    public void close() {
        if (state != State.CLOSED) {
            state = State.CLOSED;
            next.cancel();
            endRound();
            following.status().forgotten(service);
            loop.logLimit().over(target);
            loop.logLimit().over(service);
            log.info("{}: closed", LogText.of(service));
        }
    }

    private void list() {
        Duration patience = following.options().requestTimeout();
        next.set(patience, this::list);
        endRound();
        state = State.LISTING;
        askedAt = loop.now();
        ListRead reading = new ListRead(following.api(), target, patience, next, new ListReceiver());
        read = reading;
        reading.start();
    }

    /** Goes on from the last version that was told. */
    private void watch() {
        Duration patience = following.options().requestTimeout();
        next.set(patience, () -> failed(ApiFailure.timeout("answer to a watch", patience), Restart.SILENT));
        endRound();
        state = State.WATCHING;
        askedAt = loop.now();
        heardAt = askedAt;
        Duration time = loop.jittered(following.options().watchTimeout(), JITTER);
        long seconds = Math.max(1, time.toSeconds());
        watch = following.api().get(target.watchPath(version, seconds), new WatchListener(seconds));
    }

    private void take(SliceJson.Event event) {
        if (event instanceof SliceJson.Event.Failed failed) {
            failed(ApiFailure.of(failed.error()), Restart.ENDED);
        } else if (event instanceof SliceJson.Event.Progress progress) {
            if (event instanceof SliceJson.Event.Put put) {
                table.put(put.slice());
            } else if (event instanceof SliceJson.Event.Delete deleted) {
                table.remove(deleted.name());
            }
            version = progress.version();
            if (!(event instanceof SliceJson.Event.Bookmark)) {
                publish();
            }
        }
    }

    private void publish() {
        String problem = table.problem();
        if (problem != null && loop.logLimit().isNew(target, problem)) {
            log.warn("{}: {}", LogText.of(service), problem);
        }
        if (problem != null && !publisher.hasPublished()) {
            publisher.unavailable(problem);
        } else {
            publisher.publishSoon(revision(version), table::listed, table::unused);
        }
    }

    /** The watch ended or broke, and nothing was missed: it goes on in a moment. */
    private void goOn() {
        pauses.resetIf(isStable());
        next.set(pauses.next(), this::watch);
        endRound();
        state = State.WAITING;
        afterwards = this::watch;
        pauseIsAskedFor = false;
    }

    private void failed(ApiFailure failure, Restart reason) {
        if (state == State.CLOSED) {
            return;
        }
        pauses.resetIf(isStable());
        next.set(pauses.after(failure), this::list);
        endRound();
        state = State.WAITING;
        afterwards = this::list;
        pauseIsAskedFor = failure.needsAPerson() || failure.retryAfter() != null;
        report.tell(failure, reason);
    }

    private boolean isStable() {
        return state == State.WATCHING && loop.since(askedAt).compareTo(STABLE) >= 0;
    }

    /** Ends the list or the watch under way: what still arrives of it is not heard. */
    private void endRound() {
        ListRead lastRead = read;
        Api.Exchange lastWatch = watch;
        read = null;
        watch = null;
        if (lastRead != null) {
            loop.guard(lastRead::close);
        }
        if (lastWatch != null) {
            loop.guard(lastWatch::close);
        }
    }

    /** The API server's versions are texts; as a rule they are numbers that grow. */
    private static long revision(String version) {
        try {
            return Long.parseLong(version);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Hears of one list. */
    private final class ListReceiver implements ListRead.Receiver {

        @Override
        public void listed(String at, List<EndpointSlice> slices, List<String> unreadable) {
            if (!loop.succeeds(() -> take(at, slices, unreadable))) {
                SliceFeed.this.failed(ApiFailure.INTERNAL, Restart.LIST_FAILED);
            }
        }

        private void take(String at, List<EndpointSlice> slices, List<String> unreadable) {
            boolean first = !publisher.isLive();
            following.status().answered();
            table.replace(slices, unreadable);
            version = at;
            if (first) {
                log.info("{}: watching Service {} from version {}", LogText.of(service), target, LogText.of(at));
            }
            if (slices.isEmpty() && loop.logLimit().isNew(target, "no slice")) {
                log.warn(
                        "{}: there are no EndpointSlices of Service {}; is there such a Service?",
                        LogText.of(service),
                        target);
            }
            publish();
            watch();
        }

        @Override
        public void failed(ApiFailure failure) {
            SliceFeed.this.failed(failure, Restart.LIST_FAILED);
        }
    }

    /** Hears of one watch. */
    private final class WatchListener implements Api.Listener {

        private final long seconds;
        private boolean accepted;

        WatchListener(long seconds) {
            this.seconds = seconds;
        }

        /** From now on the API server has to end it in time, or there is nobody at the other end any more. */
        @Override
        public void onAccepted() {
            accepted = true;
            next.set(SLACK.plusSeconds(seconds), SliceFeed.this::watch);
            heardAt = loop.now();
            following.status().allowed(service);
            loop.logLimit().over(service);
        }

        @Override
        public void onLine(String line) {
            heardAt = loop.now();
            following.status().answered();
            SliceJson.Event event;
            try {
                event = SliceJson.event(line);
            } catch (MalformedAnswerException e) {
                failed(ApiFailure.malformed(String.valueOf(e.getMessage())), Restart.ENDED);
                return;
            }
            if (!loop.succeeds(() -> take(event))) {
                failed(ApiFailure.INTERNAL, Restart.ENDED);
            }
        }

        @Override
        public void onEnd() {
            goOn();
        }

        @Override
        public void onFailure(ApiFailure failure) {
            if (accepted && failure.isSilence()) {
                goOn();
            } else {
                failed(failure, Restart.ENDED);
            }
        }
    }
}
