package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.OutlierDetection;
import io.github.grpclb.balancer.config.OutlierDetection.FailurePercentage;
import io.github.grpclb.balancer.config.OutlierDetection.SuccessRate;
import io.github.grpclb.balancer.pick.EjectionHistory.Record;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds servers that fail and lets them back: the algorithm of gRFC A50, over what the servers' loads counted in an interval. Calls
 * that the caller cancelled are neither a success nor a failure. Besides, the last server is never ejected, and a server comes back
 * up to a tenth later than its time, so that clients do not all come back to it at once.
 *
 * <p>An interval ends when it is over, however often lists change. Confined to the synchronization context.
 */
final class OutlierDetector implements Timed {

    private static final Logger logger = LoggerFactory.getLogger(OutlierDetector.class);

    private static final double JITTER = 0.1;

    private final OutlierDetection config;
    private final EjectionHistory history;
    private final String channel;
    private final Runnable onEjection;
    private final LongSupplier nanoTime;
    private final DoubleSupplier chance;

    /**
     * Creates the detector.
     *
     * @param channel the channel's name, for the log
     * @param onEjection hears of each ejection
     * @param chance gives a number from 0 to below 1
     */
    OutlierDetector(
            OutlierDetection config,
            EjectionHistory history,
            String channel,
            Runnable onEjection,
            LongSupplier nanoTime,
            DoubleSupplier chance) {
        this.config = config;
        this.history = history;
        this.channel = channel;
        this.onEjection = onEjection;
        this.nanoTime = nanoTime;
        this.chance = chance;
    }

    @Override
    public long due() {
        if (!history.isWatching()) {
            return NEVER;
        }
        long now = nanoTime.getAsLong();
        long due = history.sweptAt() + config.interval().toNanos() - now;
        for (Record record : history.current()) {
            if (record.ejected) {
                due = Math.min(due, record.ejectedUntil - now);
            }
        }
        return Math.max(0, due);
    }

    @Override
    public boolean elapse() {
        if (!history.isWatching()) {
            return false;
        }
        long now = nanoTime.getAsLong();
        boolean changed = false;
        if (now - history.sweptAt() >= config.interval().toNanos()) {
            history.endInterval(now);
            changed |= ejectUnsuccessful(now);
            changed |= ejectFailing(now);
            for (Record record : history.current()) {
                record.ejections -= record.ejected || record.ejections == 0 ? 0 : 1;
            }
        }
        changed |= readmit(now);
        return changed;
    }

    private boolean readmit(long now) {
        boolean changed = false;
        for (Record record : history.current()) {
            if (record.ejected && now - record.ejectedUntil >= 0) {
                record.readmit(now);
                changed = true;
                logger.info("{}: {} is readmitted", channel, record.address());
            }
        }
        return changed;
    }

    private boolean ejectUnsuccessful(long now) {
        SuccessRate rule = config.successRate();
        if (rule == null) {
            return false;
        }
        List<Record> compared = withVolume(rule.requestVolume());
        if (compared.size() < rule.minimumHosts()) {
            return false;
        }
        double mean =
                compared.stream().mapToDouble(Record::successRate).average().orElse(1);
        double variance = compared.stream()
                .mapToDouble(record -> Math.pow(record.successRate() - mean, 2))
                .average()
                .orElse(0);
        double required = mean - Math.sqrt(variance) * rule.stdevFactor() / 1000;
        boolean changed = false;
        for (Record record : compared) {
            if (record.successRate() < required) {
                changed |= ejectByChance(record, rule.enforcementPercentage(), now);
            }
        }
        return changed;
    }

    private boolean ejectFailing(long now) {
        FailurePercentage rule = config.failurePercentage();
        if (rule == null) {
            return false;
        }
        List<Record> compared = withVolume(rule.requestVolume());
        if (compared.size() < rule.minimumHosts()) {
            return false;
        }
        boolean changed = false;
        for (Record record : compared) {
            if (record.failures * 100 > rule.threshold() * record.volume()) {
                changed |= ejectByChance(record, rule.enforcementPercentage(), now);
            }
        }
        return changed;
    }

    private List<Record> withVolume(int requestVolume) {
        return history.current().stream()
                .filter(record -> record.volume() >= requestVolume)
                .toList();
    }

    private boolean ejectByChance(Record record, int enforcementPercentage, long now) {
        if (record.ejected || !isRoomForOneMore() || chance.getAsDouble() * 100 >= enforcementPercentage) {
            return false;
        }
        long base = config.baseEjectionTime().toNanos();
        long longest = Math.max(base, config.maxEjectionTime().toNanos());
        long time = base > longest / (record.ejections + 1) ? longest : base * (record.ejections + 1);
        time += (long) (time * JITTER * chance.getAsDouble());
        record.eject(now + time, config.interval().toNanos());
        logger.warn(
                "{}: {} is ejected for {} s: {} of {} calls failed",
                channel,
                record.address(),
                String.format(Locale.ROOT, "%.1f", time / (double) TimeUnit.SECONDS.toNanos(1)),
                record.failures,
                record.volume());
        onEjection.run();
        return true;
    }

    /** As Envoy does: once the share is reached no more, so that at least one can be; and never the last. */
    private boolean isRoomForOneMore() {
        long ejected = history.current().stream().filter(each -> each.ejected).count();
        int all = history.current().size();
        return ejected * 100 < (long) config.maxEjectionPercent() * all && ejected + 1 < all;
    }
}
