package io.github.grpclb.autoconfigure.properties;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.client.ServerKeys;
import io.github.grpclb.metrics.GrpcLbMeters;
import io.github.grpclb.testing.Repository;
import io.github.grpclb.xds.metrics.XdsMetrics;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** That the properties which the pages name are there. */
class DocumentedPropertiesTest {

    private static final Pattern PROPERTY = Pattern.compile("`grpc\\.lb\\.([a-z][a-z.-]*[a-z])");

    /** Or is a meter's name, or a span's key. */
    @TestFactory
    Stream<DynamicTest> everyPropertyInTheTextIsThere() throws IOException {
        Set<String> meters = meters();
        KnownProperties known = new KnownProperties();
        return Repository.documentation().stream()
                .map(page -> DynamicTest.dynamicTest(page.getFileName().toString(), () -> {
                    List<String> unknown = PROPERTY.matcher(Files.readString(page))
                            .results()
                            .map(found -> found.group(1))
                            .filter(name -> !meters.contains("grpc.lb." + name))
                            .filter(name -> !known.contains(List.of(name.split("\\.")), false))
                            .toList();
                    assertThat(unknown).isEmpty();
                }));
    }

    private static Set<String> meters() {
        return Stream.of(GrpcLbMeters.class, XdsMetrics.class, ServerKeys.class)
                .flatMap(names -> Arrays.stream(names.getFields()))
                .filter(field -> field.getType() == String.class)
                .map(DocumentedPropertiesTest::valueOf)
                .collect(Collectors.toSet());
    }

    private static String valueOf(Field field) {
        try {
            return (String) field.get(null);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }
}
