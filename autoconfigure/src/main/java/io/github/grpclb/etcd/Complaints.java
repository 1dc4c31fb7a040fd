package io.github.grpclb.etcd;

import java.util.EnumSet;
import java.util.Set;

/**
 * Which kinds of failure of one thing have been said in the log: each once, until it has succeeded. That etcd is away is said by
 * the connection, once for all. For the loop's thread.
 */
final class Complaints {

    private final Set<EtcdException.Kind> said = EnumSet.noneOf(EtcdException.Kind.class);

    /** Returns whether a failure is to be said now. */
    boolean isNew(EtcdException failure) {
        return failure.kind() != EtcdException.Kind.UNREACHABLE && said.add(failure.kind());
    }

    /** What failed has succeeded. */
    void over() {
        said.clear();
    }
}
