package io.github.grpclb.cli;

/** etcd denies the user what the command needs; the message says which role has it. */
final class DeniedException extends RefusedException {

    private static final long serialVersionUID = 1;

    DeniedException(String message) {
        super(message);
    }
}
