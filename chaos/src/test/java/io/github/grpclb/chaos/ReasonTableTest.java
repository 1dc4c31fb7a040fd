package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.balancer.explain.Reason;
import io.github.grpclb.testing.ReasonTable;
import io.github.grpclb.testing.Repository;
import io.github.grpclb.timeline.Timeline;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of reasons and the tests that show them: each scene is shown by one that shows its fault, and no test shows another. */
class ReasonTableTest {

    private static final Pattern USE =
            Pattern.compile("(?:\\brequire|awaitReason|awaitEvent|ReasonTable\\.holds)\\(\\s*\"([^\"]+)\"");

    private static final Pattern FAULTS = Pattern.compile("@FaultRow\\(\\{?([0-9, ]+)");

    @Test
    void hasAllRowsAndSteps() {
        Set<String> wanted = new TreeSet<>(List.of("ejection", "zone", "panic", "slow-start", "override", "36", "37"));
        Stream.of(IntStream.rangeClosed(22, 30), IntStream.rangeClosed(44, 47))
                .flatMap(IntStream::boxed)
                .map(String::valueOf)
                .forEach(wanted::add);
        assertThat(ReasonTable.scenes().keySet().stream()
                        .map(ReasonTableTest::rowOf)
                        .collect(Collectors.toSet()))
                .isEqualTo(wanted);
    }

    @Test
    void eachSceneIsShownAndNoOther() throws IOException {
        Map<String, Set<Path>> uses = uses();
        assertThat(uses.keySet()).isEqualTo(new TreeSet<>(ReasonTable.scenes().keySet()));
        uses.forEach((scene, files) -> {
            String row = rowOf(scene);
            if (row.matches("\\d+")) {
                assertThat(files).as("files that show %s", scene).allSatisfy(file -> assertThat(faults(file))
                        .contains(row));
            }
        });
    }

    @Test
    void namesReasonsAndEventsThatThereAre() {
        Set<String> names = Stream.of(Reason.values(), Timeline.Kind.values())
                .flatMap(Arrays::stream)
                .map(Object::toString)
                .collect(Collectors.toSet());
        ReasonTable.scenes().forEach((scene, reason) -> assertThat(Pattern.compile("[A-Z][A-Z_]{1,}")
                        .matcher(reason)
                        .results()
                        .map(MatchResult::group))
                .as(scene)
                .allSatisfy(name -> assertThat(names).contains(name)));
    }

    @Test
    void saysWhatIsWrong() {
        ReasonTable.require("37.refuses", "FAILING");
        assertThatThrownBy(() -> ReasonTable.require("37.refuses", "IDLE"))
                .hasMessage("37.refuses: the reason is 'IDLE' (expected: 'FAILING | CONNECTING')");
        String unknown = "37.unknown";
        assertThatThrownBy(() -> ReasonTable.require(unknown, "IDLE")).hasMessageEndingWith("has no scene 37.unknown");
        assertThat(ReasonTable.listed(true, List.of())).isEqualTo("takes calls");
        assertThat(ReasonTable.listed(false, List.of(Reason.IDLE, Reason.NOT_IN_SUBSET)))
                .isEqualTo("IDLE+NOT_IN_SUBSET");
    }

    private static String rowOf(String scene) {
        return scene.substring(0, scene.indexOf('.'));
    }

    /** By scene, which files show it. */
    private static Map<String, Set<Path>> uses() throws IOException {
        Map<String, Set<Path>> uses = new TreeMap<>();
        for (Path file : tests()) {
            USE.matcher(Files.readString(file)).results().forEach(use -> uses.computeIfAbsent(
                            use.group(1), any -> new TreeSet<>())
                    .add(file));
        }
        return uses;
    }

    private static List<Path> tests() throws IOException {
        try (Stream<Path> modules = Files.list(Repository.file("."))) {
            List<Path> files = new ArrayList<>();
            for (Path module : modules.map(each -> each.resolve("src/test/java"))
                    .filter(Files::isDirectory)
                    .toList()) {
                try (Stream<Path> all = Files.walk(module)) {
                    all.filter(each -> each.toString().endsWith(".java"))
                            .filter(each -> !each.endsWith("ReasonTableTest.java"))
                            .filter(ReasonTableTest::usesTheTable)
                            .forEach(files::add);
                }
            }
            return files;
        }
    }

    /** Other methods may be called {@code require}, too. */
    private static boolean usesTheTable(Path file) {
        try {
            String text = Files.readString(file);
            return text.contains("ReasonTable") || text.contains("LoadClient");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Set<String> faults(Path file) {
        try {
            return FAULTS.matcher(Files.readString(file))
                    .results()
                    .flatMap(match -> Arrays.stream(match.group(1).split("[, ]+")))
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
