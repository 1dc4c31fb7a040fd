package io.github.grpclb.test;

/** What a test does, or a call that it makes, and what may throw. */
@FunctionalInterface
public interface CheckedRunnable {

    /** Does it. */
    void run() throws Exception;
}
