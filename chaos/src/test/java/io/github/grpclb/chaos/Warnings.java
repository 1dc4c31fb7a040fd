package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What this JVM, and so the clients in it, logs as a warning or worse, from {@link #start} on. Thread-safe. */
final class Warnings extends AppenderBase<ILoggingEvent> {

    private static final Duration BETWEEN = Duration.ofSeconds(10);

    private final List<String> lines = new CopyOnWriteArrayList<>();

    /** Begins to listen. Only after Spring Boot has set logging up. */
    static Warnings listen() {
        Warnings warnings = new Warnings();
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        warnings.setContext(root.getLoggerContext());
        warnings.start();
        root.addAppender(warnings);
        return warnings;
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
            lines.add(event.getLevel() + " " + event.getLoggerName() + ": " + event.getFormattedMessage());
        }
    }

    List<String> lines() {
        return List.copyOf(lines);
    }

    /** Fails if there were more in a time than one, and one for each 10 s. */
    static void atMostOneIn10Seconds(List<String> warnings, Duration time) {
        assertThat(warnings).as("warnings in %s", time).hasSizeLessThanOrEqualTo((int) (1 + time.dividedBy(BETWEEN)));
    }
}
