package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.LogText;

/** Something that was read is not what an API server writes. The message is fit for a log line. */
final class MalformedAnswerException extends Exception {

    private static final long serialVersionUID = 1;

    /**
     * Creates the exception.
     *
     * @param name what was read
     * @param found what it was
     * @param expected what would have been right
     */
    MalformedAnswerException(String name, Object found, String expected) {
        super(name + ": '" + LogText.of(found.toString()) + "' (expected: " + expected + ")");
    }
}
