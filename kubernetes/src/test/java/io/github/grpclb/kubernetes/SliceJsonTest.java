package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SliceJsonTest {

    /** As {@code kubectl get --raw} prints it, of a Service with two pods, one of which terminates. */
    private static final String PAGE = """
            {"kind":"EndpointSliceList","apiVersion":"discovery.k8s.io/v1","metadata":{"resourceVersion":"48713",
             "continue":"eyJ2IjoibWV0YS5rOHMuaW8vdjEi","remainingItemCount":3},
             "items":[{"metadata":{"name":"greeter-x7zq2","generateName":"greeter-","namespace":"shop",
                "uid":"0ff5f56c-21cb-4a6c-a8ef-5ea6c4b5f9a1","resourceVersion":"48702","generation":9,
                "labels":{"kubernetes.io/service-name":"greeter"},
                "ownerReferences":[{"apiVersion":"v1","kind":"Service","name":"greeter","uid":"a","controller":true}]},
               "addressType":"IPv4",
               "endpoints":[
                {"addresses":["10.244.1.7"],"conditions":{"ready":true,"serving":true,"terminating":false},
                 "targetRef":{"kind":"Pod","namespace":"shop","name":"greeter-5d9c-abcde","uid":"b"},
                 "nodeName":"worker-1","zone":"eu-1a","hints":{"forZones":[{"name":"eu-1a"}]}},
                {"addresses":["10.244.2.3"],"conditions":{"ready":false,"serving":true,"terminating":true},
                 "targetRef":{"kind":"Pod","namespace":"shop","name":"greeter-5d9c-fghij","uid":"c"},
                 "nodeName":"worker-2","zone":"eu-1b"}],
               "ports":[{"name":"grpc","port":9090,"protocol":"TCP","appProtocol":"kubernetes.io/h2c"},
                {"name":"dns","port":53,"protocol":"UDP"}]}]}
            """;

    @Test
    void readsAPageOfAList() throws MalformedAnswerException {
        SliceJson.Page page = SliceJson.page(PAGE);
        assertThat(page.version()).isEqualTo("48713");
        assertThat(page.next()).isEqualTo("eyJ2IjoibWV0YS5rOHMuaW8vdjEi");
        assertThat(page.unreadable()).isEmpty();
        assertThat(page.slices())
                .containsExactly(new EndpointSlice(
                        "greeter-x7zq2",
                        "IPv4",
                        List.of(new EndpointSlice.Port("grpc", true, 9090), new EndpointSlice.Port("dns", false, 53)),
                        List.of(
                                new EndpointSlice.Member(
                                        "10.244.1.7",
                                        "Pod/shop/greeter-5d9c-abcde",
                                        "greeter-5d9c-abcde",
                                        "worker-1",
                                        "eu-1a",
                                        true,
                                        true,
                                        false),
                                new EndpointSlice.Member(
                                        "10.244.2.3",
                                        "Pod/shop/greeter-5d9c-fghij",
                                        "greeter-5d9c-fghij",
                                        "worker-2",
                                        "eu-1b",
                                        false,
                                        true,
                                        true))));
    }

    @Test
    void takesNothingForMissing() throws MalformedAnswerException {
        SliceJson.Page page = SliceJson.page("""
                {"metadata":{"resourceVersion":"1","continue":""},"items":[
                 {"metadata":{"name":"a"},"addressType":"IPv4","endpoints":null,"ports":null},
                 {"metadata":{"name":"b"},"addressType":"IPv4","ports":[{"name":null,"port":null,"protocol":null}],"endpoints":[
                  {"addresses":["10.0.0.1"],"conditions":{"ready":null,"serving":null,"terminating":null},"zone":""},
                  {"addresses":["10.0.0.2","10.0.0.3"],"hostname":"host-2","targetRef":{"kind":"Node","name":"n"}}]}]}
                """);
        assertThat(page.next()).isNull();
        assertThat(page.slices())
                .containsExactly(
                        new EndpointSlice("a", "IPv4", List.of(), List.of()),
                        new EndpointSlice(
                                "b",
                                "IPv4",
                                List.of(new EndpointSlice.Port("", true, null)),
                                List.of(
                                        new EndpointSlice.Member("10.0.0.1", null, null, null, null, true, true, false),
                                        new EndpointSlice.Member(
                                                "10.0.0.2", "Node/null/n", "host-2", null, null, true, true, false))));
        assertThat(SliceJson.page("{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":null}")
                        .slices())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        // ready, serving, terminating, state
        ",,, UP",
        "true,,, UP",
        "true, true, false, UP",
        "true, false, false, UP",
        "false,,,",
        "false, true, false,",
        "false, true, true, DRAINING",
        "false,, true,",
        "false, false, true,",
        ",, true, DRAINING",
        "true, false, true, DRAINING"
    })
    void callsWhoIsReady(Boolean ready, Boolean serving, Boolean terminating, String state)
            throws MalformedAnswerException {
        SliceBuilder slice =
                SliceBuilder.grpc("a", "greeter", 1).endpoint("10.0.0.1", "p").conditions(ready, serving, terminating);
        EndpointSlice.Member member = read(slice).members().get(0);
        assertThat(member.state() == null ? null : member.state().name()).isEqualTo(state);
    }

    @Test
    void aSliceThatCannotBeReadHidesNoOther() throws MalformedAnswerException {
        SliceJson.Page page = SliceJson.page("""
                {"metadata":{"resourceVersion":"1"},"items":[
                 {"metadata":{"name":"a"},"addressType":"IPv4","endpoints":"none"},
                 {"metadata":{},"addressType":"IPv4"},
                 7,
                 {"metadata":{"name":"b"},"addressType":"IPv4","ports":[{"port":70000}]},
                 {"metadata":{"name":"c"},"addressType":"IPv4","endpoints":[{"addresses":[]}]},
                 {"metadata":{"name":"d"},"addressType":"IPv4"}]}
                """);
        assertThat(page.slices()).extracting(EndpointSlice::name).containsExactly("d");
        assertThat(page.unreadable())
                .containsExactly(
                        "endpoints: '\"none\"' (expected: a list)",
                        "name: 'none' (expected: a text)",
                        "items: '7' (expected: an object)",
                        "port: '70000' (expected: a whole number, 1 to 65535)",
                        "addresses: '[]' (expected: one at least)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "<html>502 Bad Gateway</html>",
                "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{\"metadata\":{\"na",
                "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]} {}",
                "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]",
                "{\"metadata\":{\"resourceVersion\":1},\"items\":[]}",
                "{\"metadata\":{},\"items\":[]}",
                "{\"items\":[]}",
                "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":{}}",
                "{'metadata':{'resourceVersion':'1'},'items':[]}"
            })
    void refusesWhatIsNoWholeList(String text) {
        assertThatExceptionOfType(MalformedAnswerException.class).isThrownBy(() -> SliceJson.page(text));
    }

    @Test
    void readsTheEventsOfAWatch() throws MalformedAnswerException {
        String slice = "{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"5\"},\"addressType\":\"IPv4\"}";
        EndpointSlice read = new EndpointSlice("a", "IPv4", List.of(), List.of());
        assertThat(SliceJson.event("{\"type\":\"ADDED\",\"object\":" + slice + "}"))
                .isEqualTo(new SliceJson.Event.Put("5", read));
        assertThat(SliceJson.event("{\"type\":\"MODIFIED\",\"object\":" + slice + "}"))
                .isEqualTo(new SliceJson.Event.Put("5", read));
        assertThat(SliceJson.event("{\"type\":\"DELETED\",\"object\":" + slice + "}"))
                .isEqualTo(new SliceJson.Event.Delete("5", "a"));
        assertThat(
                        SliceJson.event(
                                "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"EndpointSlice\",\"metadata\":{\"resourceVersion\":\"9\",\"creationTimestamp\":null},\"endpoints\":null,\"ports\":null,\"addressType\":\"\"}}"))
                .isEqualTo(new SliceJson.Event.Bookmark("9"));
        assertThat(
                        SliceJson.event(
                                "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"too old resource version: 1 (5)\",\"reason\":\"Expired\",\"code\":410}}"))
                .isEqualTo(new SliceJson.Event.Failed(new ApiError(410, "too old resource version: 1 (5)", null)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{\"type\":\"ADDED\"}",
                "{\"type\":\"RENAMED\",\"object\":{}}",
                "{\"object\":{}}",
                "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\"},\"addressType\":\"IPv4\"}}",
                "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"1\"},\"addressType\":\"IPv4\"}}",
                "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"1\"}}}",
                "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{}}}"
            })
    void refusesWhatIsNoEvent(String line) {
        assertThatExceptionOfType(MalformedAnswerException.class).isThrownBy(() -> SliceJson.event(line));
    }

    @Test
    void readsWhyARequestWasRefused() {
        String status = FakeCluster.status(429, "TooManyRequests", "please try again later")
                .toString();
        assertThat(SliceJson.error(429, status, Duration.ofSeconds(3)))
                .isEqualTo(new ApiError(429, "please try again later", Duration.ofSeconds(3)));
        assertThat(SliceJson.error(
                        429, status.replace("\"metadata\"", "\"details\":{\"retryAfterSeconds\":7},\"m\""), null))
                .isEqualTo(new ApiError(429, "please try again later", Duration.ofSeconds(7)));
        assertThat(SliceJson.error(502, "<html>Bad Gateway</html>\n", null))
                .isEqualTo(new ApiError(502, "<html>Bad Gateway</html>", null));
        assertThat(SliceJson.error(503, "", null)).isEqualTo(new ApiError(503, "", null));
        assertThat(SliceJson.error(500, "{\"code\":\"many\"}", null))
                .isEqualTo(new ApiError(500, "{\"code\":\"many\"}", null));
    }

    @Test
    void aMessageIsOneShortLine() {
        assertThatExceptionOfType(MalformedAnswerException.class)
                .isThrownBy(() -> SliceJson.page("x\n".repeat(10_000)))
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(2_000));
    }

    private static EndpointSlice read(SliceBuilder slice) throws MalformedAnswerException {
        return SliceJson.page("{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[" + slice.json() + "]}")
                .slices()
                .get(0);
    }
}
