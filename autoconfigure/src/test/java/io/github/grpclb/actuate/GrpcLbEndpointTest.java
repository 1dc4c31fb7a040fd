package io.github.grpclb.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/** Shows that sections are found by their names, and that a query that cannot be is refused. */
class GrpcLbEndpointTest {

    private final GrpcLbEndpoint endpoint = new GrpcLbEndpoint(null, null, null, List.of(new Echo()));

    @Test
    void asksTheSectionOfThatName() {
        assertThat(endpoint.section("echo", "greeter", null, null, null, 3, 5, 7L, "a=b", "c=d"))
                .isEqualTo(new SectionQuery("greeter", null, null, null, 3, 5, 7, "a=b", "c=d"));
        assertThat(endpoint.section("echo", null, null, null, null, null, null, null, null, null))
                .isEqualTo(SectionQuery.ALL);
    }

    @Test
    void namesItsSections() {
        assertThat(endpoint.section("sections", null, null, null, null, null, null, null, null, null))
                .isEqualTo(List.of("echo"));
    }

    @Test
    void knowsNoOtherSection() {
        assertThat(endpoint.section("other", null, null, null, null, null, null, null, null, null))
                .isNull();
    }

    @Test
    void refusesWhatCannotBe() {
        refused(
                endpoint.section("echo", null, null, null, null, -1, null, null, null, null),
                "offset: -1 (expected: 0 or more)");
        refused(endpoint.section("echo", null, null, null, null, null, 1001, null, null, null), "1 to 1000");
    }

    /** An exception's message would be left out of the answer by Spring Boot. */
    private static void refused(@Nullable Object answer, String reason) {
        assertThat(answer).isInstanceOfSatisfying(WebEndpointResponse.class, response -> {
            assertThat(response.getStatus()).isEqualTo(400);
            assertThat(String.valueOf(response.getBody())).contains(reason);
        });
    }

    private static final class Echo implements Section {

        @Override
        public String name() {
            return "echo";
        }

        @Override
        public @Nullable Object read(SectionQuery query) {
            return query;
        }
    }
}
