package io.github.grpclb.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

    /** Returns what users and contributors read: the Markdown files of the root, but for the changelog, and those of {@code docs}. */
    public static List<Path> documentation() throws IOException {
        try (Stream<Path> pages = Files.list(file("docs"))) {
            return Stream.concat(
                            Stream.of("README.md", "CONTRIBUTING.md", "SECURITY.md")
                                    .map(Repository::file),
                            pages.sorted())
                    .filter(page -> page.toString().endsWith(".md"))
                    .toList();
        }
    }
}
