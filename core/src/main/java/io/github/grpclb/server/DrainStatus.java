package io.github.grpclb.server;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How far a drain is that somebody asked for. Immutable.
 *
 * @param state where it stands
 * @param forTime how long ago it was asked for; null where it was not
 * @param told whether the registry has it, so that clients have heard of it or are about to
 * @param quietFor how long no new call has arrived since then; null where that is not watched
 * @param openStreams streams that clients have open
 */
public record DrainStatus(
        State state,
        @Nullable Duration forTime,
        boolean told,
        @Nullable Duration quietFor,
        int openStreams) {

    /** Where a drain stands. */
    public enum State {
        /** Nothing is announced: there is nobody to turn away. */
        ABSENT,
        /** Nobody asked for a drain. */
        NONE,
        /** Clients turn away. */
        DRAINING,
        /** No new call arrives any more, or nobody could take them over. */
        QUIET,
        /** The longest wait is over: for calls, or for a registry that does not answer. */
        OVERDUE
    }

    /** Says whether a stop of the server would not wait any longer for its clients to turn away. */
    public boolean mayStop() {
        return state == State.ABSENT || state == State.QUIET || state == State.OVERDUE;
    }
}
