package io.github.grpclb.discovery.hosts;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.stale.Suspects;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The addresses of the host names in one channel's list. Each name is looked up by itself on an executor, some at a time: one that
 * a name server is slow to answer holds up nothing else. An answer is kept until there is another one, for which a name is asked
 * again by and by: it may have moved while its old address still answers.
 *
 * <p>A name's addresses are those of its last answer, and then those that only the one before had: a name server that gives another few
 * of many addresses each time would else cost a connection each time.
 *
 * <p>Not thread-safe, but for the lookups: they leave their answers behind, and the next list takes them.
 */
@Internal
public final class HostNames {

    /** How many lookups are under way at most. */
    public static final int AT_ONCE = 8;

    /** How long a name without address is left alone, and how long all names are while connections fail. */
    public static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(5);

    /**
     * How long an answer is taken for true: as long as the JVM keeps one itself (networkaddress.cache.ttl), so that asking more often
     * would bring nothing.
     */
    public static final long AGE_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** With many names these are asked at longer intervals, so that there are no more than 50 lookups a second. */
    private static final long LEAST_NANOS_EACH = TimeUnit.MILLISECONDS.toNanos(20);

    private static final Logger logger = LoggerFactory.getLogger(HostNames.class);

    private final HostLookup lookup;
    private final Executor executor;
    private final Runnable onAnswer;
    private final Queue<LookedUp> answers = new ConcurrentLinkedQueue<>();
    private final Map<String, Name> names = new HashMap<>();
    private final Set<String> waiting = new LinkedHashSet<>();
    private final Set<String> underWay = new HashSet<>();
    private boolean allAreStale;
    private int list;
    private long now;

    /**
     * Creates it.
     *
     * @param onAnswer is called when the next list would know more, on the executor
     */
    public HostNames(HostLookup lookup, Executor executor, Runnable onAnswer) {
        this.lookup = lookup;
        this.executor = executor;
        this.onAnswer = onAnswer;
    }

    /** Starts a list, at the end of which comes {@link #endList()}. */
    public void startList(long nanoTime) {
        list++;
        now = nanoTime;
        proceed();
    }

    /** Returns a host's last known addresses, none where there is no answer yet. */
    public List<InetAddress> addressesOf(String host) {
        Name name = names.computeIfAbsent(host, unknown -> new Name(now));
        if (name.list != list) {
            name.list = list;
            if ((allAreStale || name.dueAt(age()) - now <= 0) && !isPending(host)) {
                waiting.add(host);
                proceed();
            }
        }
        return name.addresses;
    }

    /** Says whether a host of the list is a name that is looked up. */
    public boolean knows(String host) {
        return names.containsKey(host);
    }

    /** Returns why a host of the list has no address; null where it has, or where there is no answer yet. */
    public @Nullable String failureOf(String host) {
        Name name = names.get(host);
        return name == null ? null : name.failure;
    }

    /** Forgets the names that are not in the list. */
    public void endList() {
        allAreStale = false;
        if (names.values().removeIf(name -> name.list != list)) {
            waiting.retainAll(names.keySet());
        }
    }

    /** Makes the next list look all its names up again. */
    public void lookUpAgain() {
        allAreStale = true;
    }

    public boolean isEmpty() {
        return names.isEmpty();
    }

    /** Says whether a name of the last list has had no answer at all so far. */
    public boolean awaitsFirstAnswers() {
        return names.values().stream().anyMatch(name -> name.list == list && !name.answered);
    }

    /** Returns in how many nanoseconds a name is to be looked up again, or {@link Suspects#NEVER}. */
    public long nextNanos() {
        long age = age();
        return names.entrySet().stream()
                .filter(each -> each.getValue().list == list && each.getValue().answered && !isPending(each.getKey()))
                .mapToLong(each -> each.getValue().dueAt(age) - now)
                .min()
                .orElse(Suspects.NEVER);
    }

    private long age() {
        return Math.max(AGE_NANOS, names.size() * LEAST_NANOS_EACH);
    }

    private boolean isPending(String host) {
        return waiting.contains(host) || underWay.contains(host);
    }

    private void proceed() {
        do {
            takeAnswers();
            for (Iterator<String> next = waiting.iterator(); next.hasNext() && underWay.size() < AT_ONCE; ) {
                String host = next.next();
                next.remove();
                underWay.add(host);
                start(host);
            }
        } while (!answers.isEmpty());
    }

    private void start(String host) {
        try {
            executor.execute(() -> leave(lookUp(host)));
        } catch (Throwable e) { // also "unable to create native thread", an OutOfMemoryError
            leave(new LookedUp(host, List.of(), e.toString()));
        }
    }

    /** Always has an answer, or the name would be under way for ever. */
    private LookedUp lookUp(String host) {
        try {
            return new LookedUp(host, lookup.addressesOf(host), null);
        } catch (Throwable e) {
            return new LookedUp(host, List.of(), e.toString());
        }
    }

    private void leave(LookedUp answer) {
        answers.add(answer);
        onAnswer.run();
    }

    private void takeAnswers() {
        for (LookedUp next = answers.poll(); next != null; next = answers.poll()) {
            underWay.remove(next.host);
            Name name = names.get(next.host);
            if (name != null) {
                name.take(next, now);
            }
        }
    }

    /** What a lookup found, or why it found nothing. */
    private record LookedUp(
            String host,
            List<InetAddress> addresses,
            @Nullable String failure) {}

    private static final class Name {

        private List<InetAddress> addresses = List.of();
        private List<InetAddress> lastAnswer = List.of();
        private @Nullable String failure;
        private boolean answered;
        private long answeredAt;
        private int list;

        Name(long now) {
            answeredAt = now;
        }

        /** Returns when it is to be looked up again; a name without an answer is due already. */
        long dueAt(long age) {
            return answered ? answeredAt + (addresses.isEmpty() ? INTERVAL_NANOS : age) : answeredAt;
        }

        void take(LookedUp answer, long now) {
            if (answer.failure == null) {
                Set<InetAddress> both = new LinkedHashSet<>(answer.addresses);
                both.addAll(lastAnswer);
                lastAnswer = answer.addresses;
                // a name server turns its answers round; the same set is the same answer
                if (!both.equals(Set.copyOf(addresses))) {
                    if (!addresses.isEmpty()) {
                        logger.info("host name '{}' leads to {} now, used are {}", answer.host, answer.addresses, both);
                    }
                    addresses = List.copyOf(both);
                }
            } else if (!answer.failure.equals(failure)) {
                logger.warn("host name '{}' cannot be looked up, using {}: {}", answer.host, addresses, answer.failure);
            }
            failure = answer.failure;
            answered = true;
            answeredAt = now;
        }
    }
}
