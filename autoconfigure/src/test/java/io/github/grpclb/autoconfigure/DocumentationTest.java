package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.grpclb.autoconfigure.properties.BlankIsAbsent;
import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.UnknownProperties;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import net.devh.boot.grpc.client.config.GrpcChannelProperties;
import net.devh.boot.grpc.server.config.GrpcServerProperties;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ByteArrayResource;

/** That the pages lead somewhere, and that what they tell a reader to write works. */
class DocumentationTest {

    private static final int LONGEST_README = 130;

    private static final Pattern FENCE = Pattern.compile("(?ms)^(\\s*)```(\\w*)\\n(.*?)^\\s*```$");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} (.+)$");

    private final PolicyTable policies =
            Policies.with(List.of(new OwnPolicy("first_zone")), List.of(new NearestFactory()));

    @Test
    void theReadmeIsALandingPage() throws IOException {
        assertThat(Files.readAllLines(Repository.file("README.md"))).hasSizeLessThanOrEqualTo(LONGEST_README);
    }

    @Test
    void theExampleOfAFactoryIsTheOneThatIsTested() throws IOException {
        String source = Files.readString(
                Repository.file("autoconfigure/src/test/java/io/github/grpclb/autoconfigure/NearestFactory.java"));
        assertThat(blocks(Files.readString(Repository.file("docs/extending.md"))))
                .extracting(Block::text)
                .anyMatch(source.substring(source.indexOf("/**"))::equals);
    }

    /** Where lines and classes end does not count. */
    @Test
    void theExamplesOfTestsAreTestsThatRun() throws IOException {
        List<String> sources = new ArrayList<>();
        for (String module : List.of("test", "autoconfigure")) {
            try (Stream<Path> files =
                    Files.list(Repository.file(module + "/src/test/java/io/github/grpclb/examples"))) {
                for (Path file : files.toList()) {
                    sources.add(withoutSpace(Files.readString(file)));
                }
            }
        }
        assertThat(blocks(Files.readString(Repository.file("docs/testing.md"))))
                .filteredOn(block -> block.language().equals("java"))
                .hasSizeGreaterThan(3)
                .allSatisfy(block -> {
                    String example = withoutSpace(block.text()).replaceAll("}+$", "");
                    assertThat(sources).as(block.text()).anyMatch(source -> source.contains(example));
                });
    }

    private static String withoutSpace(String source) {
        return source.replaceAll("\\s", "");
    }

    /** {@code bin/newcomer} makes applications of them. */
    @Test
    void theQuickStartHasTheBlocksOfAnApplication() throws IOException {
        String readme = Files.readString(Repository.file("README.md"));
        String quickStart = readme.substring(readme.indexOf("\n## Quick start\n"), readme.indexOf("\n## Policies\n"));
        assertThat(blocks(quickStart)).extracting(Block::language).containsExactly("xml", "yaml", "java", "xml");
    }

    @Test
    void theReadmeLeadsToEveryPage() throws IOException {
        String readme = Files.readString(Repository.file("README.md"));
        for (Path page : Repository.documentation()) {
            if (page.getParent().endsWith("docs")) {
                assertThat(readme).contains("(docs/" + page.getFileName() + ")");
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> everyLinkLeadsSomewhere() throws IOException {
        return Repository.documentation().stream()
                .map(page -> DynamicTest.dynamicTest(page.getFileName().toString(), () -> {
                    for (String link : links(page)) {
                        assertThat(isThere(page, link)).as(link).isTrue();
                    }
                }));
    }

    /** Blocks that set nothing of ours or of net.devh's are none of this test's business. */
    @TestFactory
    Stream<DynamicTest> everyConfigurationIsBound() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (Path page : Repository.documentation()) {
            for (Block block : blocks(Files.readString(page))) {
                if (block.language().equals("yaml")) {
                    StandardEnvironment environment = environment(block.text());
                    if (names(environment).anyMatch(name -> name.startsWith("grpc."))) {
                        tests.add(DynamicTest.dynamicTest(
                                page.getFileName() + ": " + block.text().strip(), () -> requireBound(environment)));
                    }
                }
            }
        }
        assertThat(tests).hasSizeGreaterThan(15);
        return tests.stream();
    }

    @Test
    void theFaultsAreThoseOfTheChaosTests() throws IOException {
        String page = Files.readString(Repository.file("docs/reliability.md"));
        for (String row : Files.readAllLines(Repository.file("chaos/src/test/resources/faults.tsv"))) {
            assertThat(page).contains("\n| " + row.replace("\t", " | ") + " |\n");
        }
    }

    private void requireBound(StandardEnvironment environment) {
        assertThat(new UnknownProperties(environment).warnings()).isEmpty();
        Binder binder = Binder.get(environment, new BlankIsAbsent(BindHandler.DEFAULT));
        GrpcLbProperties ours = binder.bindOrCreate("grpc.lb", GrpcLbProperties.class);
        ClientProperties allClients = binder.bindOrCreate("grpc.lb", ClientProperties.class);
        assertThatCode(() -> {
                    new ClientServiceConfig("grpc.lb.", allClients, allClients, policies).requireValid();
                    ours.clients().values().forEach(client -> new ClientServiceConfig(
                                    "grpc.lb.", client, allClients, policies)
                            .requireValid());
                })
                .doesNotThrowAnyException();
        NoUnboundElementsBindHandler strict = new NoUnboundElementsBindHandler(BindHandler.DEFAULT);
        binder.bind("grpc.client", Bindable.mapOf(String.class, GrpcChannelProperties.class), strict);
        binder.bind("grpc.server", Bindable.of(GrpcServerProperties.class), strict);
    }

    private static StandardEnvironment environment(String yaml) throws IOException {
        StandardEnvironment environment = new StandardEnvironment();
        environment.getPropertySources().remove(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME);
        environment.getPropertySources().remove(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME);
        for (PropertySource<?> source : new YamlPropertySourceLoader()
                .load("block", new ByteArrayResource(yaml.getBytes(StandardCharsets.UTF_8)))) {
            environment.getPropertySources().addLast(source);
        }
        return environment;
    }

    private static Stream<String> names(StandardEnvironment environment) {
        return environment.getPropertySources().stream()
                .flatMap(source -> Arrays.stream(((EnumerablePropertySource<?>) source).getPropertyNames()));
    }

    private static boolean isThere(Path page, String link) {
        if (link.matches("(https?|mailto):.*")) {
            return true;
        }
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]).normalize();
        return Files.exists(target) && (parts.length == 1 || anchors(target).contains(parts[1]));
    }

    private static List<String> links(Path page) throws IOException {
        return LINK.matcher(withoutBlocks(Files.readString(page)))
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    /** As GitHub makes them of headings. */
    private static Set<String> anchors(Path page) {
        try {
            Set<String> anchors = new HashSet<>();
            Matcher heading = HEADING.matcher(withoutBlocks(Files.readString(page)));
            while (heading.find()) {
                String anchor = heading.group(1)
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                        .replace(' ', '-');
                for (int i = 1; !anchors.add(i == 1 ? anchor : anchor + "-" + (i - 1)); i++) {}
            }
            return anchors;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String withoutBlocks(String page) {
        return FENCE.matcher(page).replaceAll("");
    }

    /** A policy that a reader has written. */
    private record OwnPolicy(String name) implements Policy {

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return call -> ready.get(0);
        }
    }

    /** A block of code. */
    private record Block(String language, String text) {

        static Block of(MatchResult fence) {
            return new Block(fence.group(2), fence.group(3));
        }
    }

    private static List<Block> blocks(String page) {
        return FENCE.matcher(page).results().map(Block::of).toList();
    }
}
