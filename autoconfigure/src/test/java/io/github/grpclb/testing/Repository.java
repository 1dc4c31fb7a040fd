package io.github.grpclb.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The files of this repository, for tests that run in a module's folder (Maven) or in the root ({@code bin/chaos}). */
public final class Repository {

    private static final Path ROOT = Stream.of(Path.of("."), Path.of(".."))
            .filter(folder -> Files.isDirectory(folder.resolve("bin")) && Files.isDirectory(folder.resolve("chaos")))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("neither the root of the repository nor a module's folder"));

    private Repository() {}

    /** Returns a file's path by its path from the root. */
    public static Path file(String path) {
        return ROOT.resolve(path);
    }
}
