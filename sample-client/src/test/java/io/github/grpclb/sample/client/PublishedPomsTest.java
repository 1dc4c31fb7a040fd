package io.github.grpclb.sample.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** What a user's build reads of grpc-lb. */
class PublishedPomsTest {

    private record Dependency(String group, String artifact, String version, boolean optional) {}

    @ParameterizedTest
    @MethodSource("modules")
    void standAlone(String module) throws Exception {
        Document pom = pom(module);
        assertThat(pom.getElementsByTagName("parent").getLength()).isZero();
        assertThat(pom.getElementsByTagName("dependencyManagement").getLength()).isZero();
        assertThat(dependencies(pom)).isNotEmpty().allSatisfy(dependency -> assertThat(dependency.version())
                .matches("[0-9].*"));
    }

    /** Gradle takes the highest version that anybody asks for: ours would make another Spring Boot of the user's. */
    @ParameterizedTest
    @MethodSource("modules")
    void leaveSpringAndMicrometerToTheUser(String module) throws Exception {
        assertThat(dependencies(pom(module)))
                .filteredOn(dependency -> !dependency.optional())
                .extracting(Dependency::group)
                .noneMatch(group -> group.startsWith("org.springframework") || group.startsWith("io.micrometer"));
    }

    static List<String> modules() {
        return List.of(
                "core",
                "etcd",
                "kubernetes",
                "etcd-embedded",
                "test",
                "autoconfigure",
                "boot3",
                "starter",
                "starter-spring-grpc");
    }

    private static Document pom(String module) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(Path.of("..", module, ".flattened-pom.xml").toFile());
    }

    private static List<Dependency> dependencies(Document pom) {
        List<Dependency> found = new ArrayList<>();
        NodeList nodes = pom.getElementsByTagName("dependency");
        for (int i = 0; i < nodes.getLength(); i++) {
            Element node = (Element) nodes.item(i);
            found.add(new Dependency(
                    text(node, "groupId"),
                    text(node, "artifactId"),
                    text(node, "version"),
                    text(node, "optional").equals("true")));
        }
        return found;
    }

    private static String text(Element node, String child) {
        NodeList found = node.getElementsByTagName(child);
        return found.getLength() == 0 ? "" : found.item(0).getTextContent().strip();
    }
}
