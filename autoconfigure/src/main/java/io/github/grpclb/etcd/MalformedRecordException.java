package io.github.grpclb.etcd;

/**
 * A record that does not describe an endpoint. The message says what was found and what was expected, fit for a log
 * line.
 */
final class MalformedRecordException extends Exception {

    private static final long serialVersionUID = 1;

    MalformedRecordException(String message) {
        super(message);
    }

    MalformedRecordException(String what, Object found, String expected) {
        super(what + ": '" + LogText.of(String.valueOf(found)) + "' (expected: " + expected + ")");
    }
}
