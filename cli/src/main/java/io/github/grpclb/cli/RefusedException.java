package io.github.grpclb.cli;

/** What was asked for was not done; the message says why. */
sealed class RefusedException extends RuntimeException permits DeniedException {

    private static final long serialVersionUID = 1;

    RefusedException(String message) {
        super(message);
    }
}
