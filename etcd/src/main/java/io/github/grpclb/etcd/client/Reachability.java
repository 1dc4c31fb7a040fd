package io.github.grpclb.etcd.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether etcd answers, said in the log without a storm: one WARN when it is lost, one each 30 s while it is away, one
 * INFO when it is back. A loss within 10 s of an earlier WARN, as on a flapping line, is not said again. For the loop's
 * thread, but {@link #cause} and {@link #sinceAnswer}.
 */
final class Reachability {

    private static final Logger log = LoggerFactory.getLogger(Reachability.class);
    private static final Duration REMINDER = Duration.ofSeconds(30);
    private static final Duration QUIET = Duration.ofSeconds(10);

    /** For who tries this out and has none. */
    private static final String NO_ETCD =
            "; for development, grpc.lb.etcd.embedded.enabled=true starts an etcd in this process";

    private final EtcdLoop loop;
    private final String endpoints;

    private volatile @Nullable String cause;
    private volatile @Nullable Long answeredAt;
    private boolean everWarned;
    private boolean said;
    private long awaySince;
    private long warnedAt;

    Reachability(EtcdLoop loop, String endpoints) {
        this.loop = loop;
        this.endpoints = endpoints;
    }

    /** Returns why etcd is away; null while it is not. Thread-safe. */
    @Nullable
    String cause() {
        return cause;
    }

    /** Returns how long ago etcd last answered; null while it never did. Thread-safe. */
    @Nullable
    Duration sinceAnswer() {
        Long then = answeredAt;
        return then == null ? null : loop.since(then);
    }

    void failed(EtcdException failure) {
        boolean justLost = cause == null;
        if (justLost) {
            awaySince = loop.now();
        }
        cause = failure.getMessage();
        Duration pause = said ? REMINDER : QUIET;
        if (!everWarned || loop.since(warnedAt).compareTo(pause) >= 0) {
            log.warn(
                    "{} (endpoints: {}; away for {} s; what is known stays in use){}",
                    failure.getMessage(),
                    endpoints,
                    loop.since(awaySince).toSeconds(),
                    answeredAt == null && !everWarned ? NO_ETCD : "");
            everWarned = true;
            said = true;
            warnedAt = loop.now();
        }
    }

    void succeeded() {
        answeredAt = loop.now();
        if (cause != null) {
            if (said) {
                log.info(
                        "etcd is back after {} s (endpoints: {})",
                        loop.since(awaySince).toSeconds(),
                        endpoints);
            }
            said = false;
            cause = null;
        }
    }
}
