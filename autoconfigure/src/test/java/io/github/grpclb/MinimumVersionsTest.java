package io.github.grpclb;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The table that says why a version is the lowest, and the enforcer's rule that makes it so, are the same list. */
class MinimumVersionsTest {

    @Test
    void agreesWithTheRuleOfTheBuild() throws IOException {
        List<String> table = Files.readAllLines(Repository.file("supply/minimum-versions.tsv")).stream()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split("\t"))
                .map(cells -> cells[1] + ":(," + cells[2] + ")")
                .toList();
        List<String> rule = Files.readAllLines(Repository.file("pom.xml")).stream()
                .map(String::strip)
                .filter(line -> line.startsWith("<exclude>") && line.contains(":(,"))
                .map(line -> line.replaceAll("</?exclude>", ""))
                .toList();
        assertThat(table).isNotEmpty().isEqualTo(rule);
    }
}
