package io.github.grpclb.actuate;

/**
 * Drains this process's server and answers when it may be stopped: {@code grpclb/pre-stop}, for the {@code preStop} hook of Kubernetes, which
 * can send a {@code GET} alone. The one section whose reading changes something; it is there only where {@code grpc.lb.operations.enabled}
 * and {@code grpc.lb.operations.pre-stop} are true. Thread-safe.
 */
public final class PreStopSection implements Section {

    private final DrainAction drain;

    public PreStopSection(DrainAction drain) {
        this.drain = drain;
    }

    @Override
    public String name() {
        return "pre-stop";
    }

    /** Blocks for as long as the drain takes. */
    @Override
    public Object read(SectionQuery query) {
        return drain.actAndWait();
    }
}
