package io.github.grpclb.etcd.record;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;

/**
 * A record that does not describe what it should. The message says what was found and what was expected, fit for a log
 * line.
 */
@Internal
public final class MalformedRecordException extends Exception {

    private static final long serialVersionUID = 1;

    private final String name;
    private final String found;
    private final String expected;

    public MalformedRecordException(String name, Object found, String expected) {
        this.name = name;
        this.found = LogText.of(String.valueOf(found));
        this.expected = expected;
    }

    @Override
    public String getMessage() {
        return name + ": '" + found + "' (expected: " + expected + ")";
    }

    /** Returns the exception for whoever wanted to write such a record. */
    public IllegalValueException asRefusal() {
        return new IllegalValueException(name, found, expected, this);
    }
}
