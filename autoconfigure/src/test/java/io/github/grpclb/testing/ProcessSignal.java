package io.github.grpclb.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;

/** What {@code kill} sends to a process. */
public enum ProcessSignal {
    /** Freezes it, its connections open. */
    STOP,
    /** Lets it go on. */
    CONT;

    /** Sends it. */
    public void send(Process process) {
        try {
            int result = new ProcessBuilder("kill", "-" + name(), Long.toString(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            assertThat(result).as("result of kill -%s", name()).isZero();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
