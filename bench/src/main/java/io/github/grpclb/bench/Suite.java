package io.github.grpclb.bench;

import java.util.List;

/** Measures something and says what came out. */
@FunctionalInterface
interface Suite {

    List<Table> run(Scale scale) throws Exception;

    /** Tells whoever waits what is being done. */
    static void progress(String what) {
        System.err.println("  … " + what);
    }
}
