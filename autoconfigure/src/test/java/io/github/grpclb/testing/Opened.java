package io.github.grpclb.testing;

import com.google.common.base.Throwables;
import java.util.ArrayDeque;
import java.util.Deque;

/** What one test has opened, closed in the reverse order: for a field with JUnit's {@code @AutoClose}. Not thread-safe. */
public final class Opened implements AutoCloseable {

    private final Deque<AutoCloseable> resources = new ArrayDeque<>();

    /** Returns what is to be closed. */
    public <T extends AutoCloseable> T add(T resource) {
        resources.push(resource);
        return resource;
    }

    @Override
    public void close() throws Exception {
        Throwable first = null;
        while (!resources.isEmpty()) {
            try {
                resources.pop().close();
            } catch (Exception | AssertionError e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        Throwables.propagateIfPossible(first, Exception.class);
    }
}
