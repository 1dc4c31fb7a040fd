package io.github.grpclb.discovery.snapshot;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.follow.RegistryLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When one service's list is written: a changed one at once, but at most every 5 s; an unchanged one now and then, so that
 * the file does not age while the registry confirms it. For the worker's thread.
 */
final class SnapshotFile {

    private static final Logger log = LoggerFactory.getLogger(SnapshotFile.class);

    static final Duration PAUSE = Duration.ofSeconds(5);

    /** An unchanged list is written so many times in the time for which it is good. */
    private static final int REFRESHES = 24;

    private static final Duration COMPLAINT_PAUSE = Duration.ofMinutes(1);

    /** Writes a list to disk. */
    interface Disk {

        void write(List<Endpoint> list, long asOf) throws IOException;
    }

    private final RegistryLoop worker;
    private final Duration refresh;
    private final Disk disk;
    private final String name;
    private List<Endpoint> latest = List.of();
    private long asOf;
    private List<Endpoint> written = List.of();
    private long writtenAsOf;
    private long triedAt;
    private boolean everTried;
    private boolean due;

    SnapshotFile(RegistryLoop worker, Duration maxAge, Disk disk, String name) {
        this.worker = worker;
        this.refresh = maxAge.dividedBy(REFRESHES);
        this.disk = disk;
        this.name = name;
    }

    /** Takes a list that the registry held at a time (milliseconds since the epoch). */
    void confirmed(List<Endpoint> list, long at) {
        latest = list;
        asOf = at;
        boolean outdated = at - writtenAsOf >= refresh.toMillis() || at < writtenAsOf;
        if (!due && (outdated || !list.equals(written))) {
            due = true;
            Duration since = everTried ? worker.since(triedAt) : PAUSE;
            if (since.compareTo(PAUSE) >= 0) {
                write();
            } else {
                worker.after(PAUSE.minus(since), this::write);
            }
        }
    }

    /** Writes what is newer than what was written. */
    void flush() {
        if (asOf != writtenAsOf) {
            write();
        }
    }

    private void write() {
        due = false;
        everTried = true;
        triedAt = worker.now();
        try {
            disk.write(latest, asOf);
            written = latest;
            writtenAsOf = asOf;
        } catch (IOException | RuntimeException e) {
            if (worker.logLimit().isDue(SnapshotFile.class, name, COMPLAINT_PAUSE)) {
                log.warn("Snapshot {} could not be written: {}", name, LogText.of(e.toString()));
            }
        }
    }
}
