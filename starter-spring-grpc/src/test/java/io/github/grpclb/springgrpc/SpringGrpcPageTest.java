package io.github.grpclb.springgrpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.Repository;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.grpc.client.autoconfigure.GrpcClientProperties;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ByteArrayResource;

/** That what docs/spring-grpc.md tells a reader to write is understood by Spring gRPC. */
class SpringGrpcPageTest {

    private static final Pattern YAML = Pattern.compile("(?ms)^```yaml\\n(.*?)^```$");

    @Test
    void everyConfigurationIsBound() throws IOException {
        List<String> blocks = YAML.matcher(Files.readString(Repository.file("docs/spring-grpc.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(blocks).hasSize(2);
        for (String block : blocks) {
            StandardEnvironment environment = new StandardEnvironment();
            for (PropertySource<?> source : new YamlPropertySourceLoader()
                    .load("block", new ByteArrayResource(block.getBytes(StandardCharsets.UTF_8)))) {
                environment.getPropertySources().addLast(source);
            }
            Binder.get(environment)
                    .bind(
                            "spring.grpc.client",
                            Bindable.of(GrpcClientProperties.class),
                            new NoUnboundElementsBindHandler(BindHandler.DEFAULT));
        }
    }

    /** {@code bin/newcomer} makes applications of them. */
    @Test
    void theQuickStartHasTheBlocksOfAnApplication() throws IOException {
        String page = Files.readString(Repository.file("docs/spring-grpc.md"));
        String quickStart =
                page.substring(page.indexOf("\n## Quick start\n"), page.indexOf("\n## Where a channel leads\n"));
        assertThat(Pattern.compile("(?m)^```(\\w+)$")
                        .matcher(quickStart)
                        .results()
                        .map(found -> found.group(1)))
                .containsExactly("xml", "yaml", "java");
    }
}
