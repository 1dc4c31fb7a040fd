package io.github.grpclb.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Which connections the kernel has. */
final class Connections {

    private static final String ESTABLISHED = "01";

    private Connections() {}

    /** Returns the established connections to servers, each by its two ends as the kernel writes them. */
    static Set<String> to(Collection<SampleServer> servers) {
        Set<String> ports =
                servers.stream().map(server -> "%04X".formatted(server.port())).collect(Collectors.toSet());
        return Stream.of("tcp", "tcp6")
                .flatMap(Connections::lines)
                .map(line -> line.strip().split("\\s+"))
                .filter(fields -> fields[3].equals(ESTABLISHED))
                .filter(fields -> ports.contains(fields[2].substring(fields[2].indexOf(':') + 1)))
                .map(fields -> fields[1] + " to " + fields[2])
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<String> lines(String protocol) {
        try {
            return Files.readAllLines(Path.of("/proc/net", protocol)).stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
