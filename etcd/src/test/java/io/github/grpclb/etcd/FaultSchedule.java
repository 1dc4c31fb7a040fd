package io.github.grpclb.etcd;

import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.follow.LastLists;
import io.github.grpclb.etcd.Calm.Trouble;
import io.github.grpclb.etcd.FakeEtcd.Health;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.etcd.follow.Following;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.RecordRules;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Some servers and a client under faults that a seed decides, in virtual time, with the invariants checked at every list that is
 * published, at every withdrawal, and each half second. A seed always gives the same schedule.
 */
final class FaultSchedule {

    static final String SERVICE = "svc";
    static final KeySpace KEYS = new KeySpace("/grpclb/");

    /** The longest back-off, the time that a call may hang, and a third of the TTL are each shorter. */
    static final Duration RECOVERY = Duration.ofSeconds(6);

    /** The longest pause before an attempt, which may be the one that the loss of a token costs. */
    private static final Duration BACKOFF = Duration.ofSeconds(2);

    /** Leases whose grant was not heard of; each ends with its time. */
    static final int MOST_LEASES = 12;

    private static final int SERVERS = 3;
    private static final int STEPS = 14;
    private static final Duration TICK = Duration.ofMillis(500);
    private static final Duration SLOWEST = Duration.ofSeconds(5);

    /** The pause where only a person can help. */
    private static final Duration PERSON = Duration.ofSeconds(30);

    /** When a silent watch is noticed: the time between two probes, with its spread, and the patience with the last one. */
    private static final Duration PROBE = Duration.ofSeconds(41);

    /** A violated invariant. */
    static final class Violation extends AssertionError {

        private static final long serialVersionUID = 1;

        Violation(String message) {
            super(message);
        }
    }

    private final long seed;
    private final boolean logged;
    private final Sabotage sabotage;
    private final Random random;
    private final FakeClock clock = new FakeClock();
    private final FakeEtcd etcd;
    private final Calm etcdCalm = new Calm(clock);
    private final List<ScheduledServer> servers = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private final PublishedLists lists;
    private ScheduledProcess client;
    private EtcdEndpointSource source;
    private FakeStore.Backup backup;
    private String violation;
    private long watchedAt;
    private long quietSince;
    private long lastRevision;

    private FaultSchedule(long seed, Sabotage sabotage, boolean logged) {
        this.seed = seed;
        this.sabotage = sabotage;
        this.logged = logged;
        this.random = new Random(seed);
        this.etcd = new FakeEtcd(clock, new Random(seed + 1));
        this.lists = new PublishedLists(etcd.store(), clock, KEYS, this::violated);
    }

    /**
     * Runs a schedule.
     *
     * @throws Violation if an invariant was violated, with all that happened before
     */
    static void run(long seed, Sabotage sabotage) {
        if (new FaultSchedule(seed, sabotage, false).violation() != null) {
            FaultSchedule again = new FaultSchedule(seed, sabotage, true);
            throw new Violation("seed " + seed + ", " + again.violation() + "\n" + String.join("\n", again.log));
        }
    }

    FakeEtcd etcd() {
        return etcd;
    }

    FakeClock clock() {
        return clock;
    }

    ScheduledProcess newProcess() {
        return new ScheduledProcess(clock, etcd, random, sabotage);
    }

    void log(String format, Object... arguments) {
        if (logged) {
            log.add(time() + " " + String.format(format, arguments));
        }
    }

    void violated(String what) {
        if (violation == null) {
            violation = time() + " " + what;
            log("VIOLATED %s", what);
        }
    }

    private String time() {
        return String.format("%8.3f s", clock.nanoTime() / 1e9);
    }

    private String violation() {
        begin();
        for (int i = 0; i < STEPS && violation == null; i++) {
            if (random.nextInt(5) == 0) {
                allEnds();
                pass(Duration.ofMillis(random.nextInt(60_000)));
            } else {
                pass(Duration.ofMillis(random.nextInt(random.nextBoolean() ? 1000 : 12_000)));
            }
            fault();
        }
        if (violation != null) {
            return violation;
        }
        allEnds();
        pass(Duration.ofNanos(longestDue() - clock.nanoTime())
                .plus(ScheduledServer.TTL.multipliedBy(2))
                .plusSeconds(2));
        end();
        return violation;
    }

    private void begin() {
        for (int i = 0; i < SERVERS; i++) {
            servers.add(new ScheduledServer(this, i));
            servers.get(i).start();
        }
        client = newProcess();
        client.calm.shock(RECOVERY);
        source = new EtcdEndpointSource(
                client.loop,
                client.api,
                new Following(KEYS, RecordRules.DEFAULT, LastLists.none(), RegistryObserver.NONE),
                Duration.ofHours(1));
        source.subscribe(SERVICE, sabotage.of(client.thrower.of(lists)));
    }

    /** All leave in order, and nothing is left. */
    private void end() {
        if (violation != null) {
            return;
        }
        log("all leave");
        servers.stream().filter(ScheduledServer::isAnnounced).forEach(ScheduledServer::withdraw);
        source.close();
        clock.forward(Duration.ofSeconds(1));
        // a record that an operator put under no lease stays where the withdrawal had no answer
        boolean left = etcd.store().records().values().stream().anyMatch(record -> record.lease() != 0);
        if (left || etcd.leaseCount() > 0 || etcd.watchCount() > 0) {
            violated("I4, I5: all have left, but there are " + etcd.keys() + ", " + etcd.leaseCount() + " leases, "
                    + etcd.watchCount() + " watches");
        }
    }

    private long longestDue() {
        long longest = Math.max(etcdCalm.due(), client.calm.due());
        for (ScheduledServer server : servers) {
            longest = Math.max(longest, server.process().calm.due());
        }
        return Math.max(longest, clock.nanoTime());
    }

    private void pass(Duration time) {
        long end = clock.nanoTime() + time.toNanos();
        while (clock.nanoTime() < end && violation == null) {
            clock.forward(Duration.ofNanos(Math.min(TICK.toNanos(), end - clock.nanoTime())));
            check();
        }
    }

    private void check() {
        servers.forEach(server -> server.check(etcdCalm, this::violated));
        long watches = etcd.watchCount(client.scheduler);
        boolean due = etcdCalm.isDue(Duration.ZERO) && client.calm.isDue(Duration.ZERO);
        if (!due || watches == 1) {
            watchedAt = clock.nanoTime();
        }
        // there is none while the list is read again as a matter of routine, which may be the first call without a
        // token
        if (watches > 2 || clock.nanoTime() - watchedAt > BACKOFF.plus(TICK).toNanos()) {
            violated("I5: the client has " + watches + " watches");
        }
        if (etcd.revision() != lastRevision) {
            lastRevision = etcd.revision();
            quietSince = clock.nanoTime();
        }
        // what changed just now may be on its way
        if (due && clock.nanoTime() - quietSince > BACKOFF.plus(TICK).toNanos() && !lists.isCurrent()) {
            violated("I1: the list is old: " + lists.describeLast() + ", etcd has " + etcd.keys() + " at "
                    + etcd.revision());
        }
    }

    // faults

    private void fault() {
        ScheduledServer server = servers.get(random.nextInt(SERVERS));
        switch (random.nextInt(29)) {
            case 0 -> etcdIs(Health.DOWN);
            case 1 -> etcdIs(Health.PAUSED);
            case 2, 3 -> etcdIs(Health.UP);
            case 4 -> wipe();
            case 5 -> backUp();
            case 6 -> restore();
            case 7 -> slow(random.nextBoolean());
            case 8 -> loseAnswers(random.nextBoolean());
            case 9 -> loseGrants(random.nextBoolean());
            case 10 -> mute(random.nextBoolean());
            case 11 -> refuse(random.nextBoolean());
            case 12 -> noSpace(random.nextBoolean());
            case 13 -> expireTokens();
            case 14 -> compact();
            case 15 -> operate(server, String.valueOf(random.nextInt(9)));
            case 16 -> operate(server, random.nextBoolean() ? "oops" : null);
            case 17 -> cut(random.nextBoolean() ? client : server.process(), random.nextBoolean());
            case 18 -> freeze(random.nextBoolean() ? client : server.process(), random.nextBoolean());
            case 19 -> kill(server);
            case 20 -> leave(server);
            case 21 -> start(server);
            case 22, 23, 24 -> throwing(random.nextBoolean() ? client : server.process(), random.nextInt(3) > 0);
            default -> update(server, random.nextInt(9));
        }
    }

    private void allEnds() {
        etcdIs(Health.UP);
        slow(false);
        loseAnswers(false);
        loseGrants(false);
        mute(false);
        refuse(false);
        noSpace(false);
        cut(client, false);
        freeze(client, false);
        throwing(client, false);
        for (ScheduledServer server : servers) {
            throwing(server.process(), false);
            cut(server.process(), false);
            freeze(server.process(), false);
            start(server);
        }
    }

    private void etcdIs(Health health) {
        if (etcd.health() == health) {
            return;
        }
        log("etcd is %s", health);
        etcd.health(health);
        if (health == Health.UP) {
            etcdCalm.end(Trouble.ETCD, RECOVERY);
        } else {
            etcdCalm.begin(Trouble.ETCD);
        }
    }

    private void wipe() {
        etcdIs(Health.DOWN);
        log("etcd's data is gone");
        etcd.wipe();
    }

    private void backUp() {
        log("backup at revision %d", etcd.revision());
        backup = etcd.backup();
    }

    private void restore() {
        if (backup != null) {
            etcdIs(Health.DOWN);
            log("etcd's data is that of revision %d", backup.revision());
            etcd.restore(backup);
        }
    }

    private void slow(boolean on) {
        etcd.slow(on ? SLOWEST : FakeEtcd.LATENCY);
        trouble(etcdCalm, Trouble.SLOW, on, SLOWEST.multipliedBy(2).plus(RECOVERY));
    }

    private void loseAnswers(boolean on) {
        etcd.loseAnswers(on);
        trouble(etcdCalm, Trouble.LOST_ANSWERS, on, RECOVERY);
    }

    private void loseGrants(boolean on) {
        etcd.loseGrants(on);
        trouble(etcdCalm, Trouble.LOST_GRANTS, on, RECOVERY);
    }

    private void mute(boolean on) {
        etcd.muteWatches(on);
        trouble(client.calm, Trouble.MUTE, on, PROBE.plus(RECOVERY));
    }

    private void refuse(boolean on) {
        EtcdException.Kind[] kinds = EtcdException.Kind.values();
        EtcdException.Kind kind = kinds[random.nextInt(kinds.length)];
        etcd.refuse(on ? kind : null);
        if (on) {
            log("etcd refuses: %s", kind);
        }
        trouble(etcdCalm, Trouble.REFUSAL, on, PERSON.plus(RECOVERY));
    }

    private void noSpace(boolean on) {
        etcd.noSpace(on);
        trouble(etcdCalm, Trouble.NO_SPACE, on, RECOVERY);
    }

    private void expireTokens() {
        log("no token is valid");
        etcd.expireTokens();
        etcdCalm.shock(RECOVERY.plus(BACKOFF));
    }

    private void compact() {
        log("compacted at %d", etcd.revision());
        if (random.nextBoolean()) {
            etcd.compact();
        } else {
            etcd.compactBeforeNextWatch();
            etcd.endWatches(new EtcdException(EtcdException.Kind.COMPLETED, "etcd: the stream was ended"));
        }
        etcdCalm.shock(RECOVERY);
    }

    /** An operator writes something, or deletes the key. */
    private void operate(ScheduledServer server, String value) {
        if (etcd.health() != Health.UP || etcd.record(server.key()) == null) {
            return;
        }
        log("an operator writes %s to %s", value, server.key());
        if (value == null) {
            etcd.delete(server.key());
        } else {
            etcd.put(server.key(), value);
        }
        if (server.process() != null) {
            server.process().calm.shock(RECOVERY);
        }
    }

    private void cut(ScheduledProcess process, boolean off) {
        if (process != null) {
            process.cut(off);
            trouble(process.calm, Trouble.CUT, off, RECOVERY);
        }
    }

    private void freeze(ScheduledProcess process, boolean stop) {
        if (process != null) {
            process.scheduler.freeze(stop);
            trouble(process.calm, Trouble.FROZEN, stop, RECOVERY);
        }
    }

    /** What is called throws, now and then, and so does what is done with the answers. */
    private void throwing(ScheduledProcess process, boolean on) {
        if (process != null) {
            process.thrower.throwing(on);
            trouble(process.calm, Trouble.THROWING, on, RECOVERY);
        }
    }

    private void kill(ScheduledServer server) {
        if (server.process() != null) {
            log("%s is killed", server.address);
            server.kill();
        }
    }

    private void leave(ScheduledServer server) {
        if (server.process() != null && server.isAnnounced()) {
            log("%s withdraws", server.address);
            server.withdraw();
        }
    }

    private void start(ScheduledServer server) {
        if (!server.isAnnounced()) {
            log("%s is started", server.address);
            server.start();
        }
    }

    private void update(ScheduledServer server, int weight) {
        if (server.process() != null && server.isAnnounced()) {
            log("%s wants weight %d", server.address, weight);
            server.update(weight);
        }
    }

    private void trouble(Calm whose, Trouble trouble, boolean on, Duration bound) {
        if (on != whose.has(trouble)) {
            String who = whose == etcdCalm ? "etcd" : whose == client.calm ? "the client" : "a server";
            log("%s of %s %s", trouble, who, on ? "begins" : "ends");
        }
        if (on) {
            whose.begin(trouble);
        } else {
            whose.end(trouble, bound);
        }
    }
}
