package io.github.grpclb.discovery;

import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Keeps the log readable where the same goes wrong again and again: says whether a line is to be logged now. A line is known by what it
 * is about, and what it says of that. Each context has its own, so that two contexts in one JVM each log theirs.
 *
 * <p>{@value #MOST} lines about one subject are remembered. While that many were logged within an hour, a further one is not: whoever
 * can cause lines without end fills no disk, and hides nothing that is about another subject. Thread-safe.
 */
public final class LogLimit {

    /** How many lines about one subject are remembered. */
    static final int MOST = 100;

    /** When a remembered line gives way to another one. */
    static final Duration REMEMBERED = Duration.ofHours(1);

    private final LongSupplier ticker;
    private boolean isSilent;

    /** When each line about a subject was last logged, the one for longest first. */
    private final Map<Object, LinkedHashMap<Object, Long>> logged = new HashMap<>();

    /**
     * Creates one that remembers nothing.
     *
     * @param ticker nanoseconds of a monotonic clock
     */
    public LogLimit(LongSupplier ticker) {
        this.ticker = ticker;
    }

    /** Returns one by which nothing is logged, for what only tries how things would be. */
    public static LogLimit silent() {
        LogLimit silent = new LogLimit(() -> 0);
        silent.isSilent = true;
        return silent;
    }

    /**
     * Returns whether a line is to be logged because it was not before, or not since {@link #over}; it then counts as logged.
     *
     * @param subject what the line is about, as a value: one of few
     * @param text what it says, as a value
     */
    public synchronized boolean isNew(Object subject, Object text) {
        Map<Object, Long> lines = linesAbout(subject);
        return !lines.containsKey(text) && log(lines, text);
    }

    /**
     * Returns whether a line is to be logged because it was not before, not since {@link #over}, or not for a time; it then counts as
     * logged.
     *
     * @param subject what the line is about, as a value: one of few
     * @param text what it says, as a value
     * @param pause how long it is not logged again
     */
    public synchronized boolean isDue(Object subject, Object text, Duration pause) {
        Map<Object, Long> lines = linesAbout(subject);
        Long then = lines.get(text);
        if (then != null && isWithin(pause, then)) {
            return false;
        }
        lines.remove(text);
        return log(lines, text);
    }

    /** Forgets what was logged about something: it is well, and should it go wrong again that is to be logged. */
    public synchronized void over(Object subject) {
        logged.remove(subject);
    }

    private Map<Object, Long> linesAbout(Object subject) {
        return logged.computeIfAbsent(subject, first -> new LinkedHashMap<>());
    }

    private boolean log(Map<Object, Long> lines, Object text) {
        if (isSilent) {
            return false;
        }
        if (lines.size() >= MOST) {
            Iterator<Long> times = lines.values().iterator();
            if (isWithin(REMEMBERED, times.next())) {
                return false;
            }
            times.remove();
        }
        lines.put(text, ticker.getAsLong());
        return true;
    }

    private boolean isWithin(Duration pause, long then) {
        return ticker.getAsLong() - then < pause.toNanos();
    }
}
