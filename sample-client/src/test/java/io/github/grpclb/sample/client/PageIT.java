package io.github.grpclb.sample.client;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.actuate.Section;
import io.github.grpclb.actuate.SectionQuery;
import io.github.grpclb.testing.Browser;
import io.github.grpclb.testing.EtcdServer;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.TestServer;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;

/** Shows the page of the actuator's endpoint in a real browser, over sections that the test makes up. */
class PageIT {

    private static final String SCRIPT =
            "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">";

    private static Browser browser;
    private ConfigurableApplicationContext application;

    @BeforeAll
    static void openBrowser() throws IOException, InterruptedException {
        if (Browser.find().isEmpty()) {
            EtcdServers.missing("there is no Chromium: install chromium-headless-shell (Debian), or set CHROMIUM_BIN");
        }
        browser = Browser.start();
    }

    @AfterAll
    static void closeBrowser() {
        if (browser != null) {
            browser.close();
        }
    }

    @AfterEach
    void close() {
        if (application != null) {
            application.close();
        }
    }

    @Test
    void showsWhyAServerGetsNoCalls() {
        open(explain(List.of(
                server("10.0.0.1:9090", "a", "READY", true, "It gets its share.", "OK"),
                server("10.0.0.2:9090", "b", "EJECTED", false, "It is ejected: 12 of 40 calls failed.", "EJECTED"))));
        browser.awaitTrue("document.querySelectorAll('tr.server').length === 2");
        assertThat(browser.text("#table tbody tr:nth-child(2)")).contains("10.0.0.2:9090", "ejected", "12 of 40 calls");
        assertThat(browser.text("#strip")).contains("registry answers", "1 ejected");
        browser.press("j");
        browser.press("j");
        browser.press("Enter");
        browser.awaitTrue("document.querySelector('tr.more')");
        assertThat(browser.text("tr.more")).contains("ejection", "/grpclb/greeter/10.0.0.2:9090", "Copy etcdctl get");
    }

    @Test
    void loadsNothingFromElsewhere() {
        String origin = open(explain(List.of(server("10.0.0.1:9090", "a", "READY", true, "", "OK"))));
        browser.awaitTrue("document.querySelectorAll('tr.server').length === 1");
        assertThat(browser.requests()).hasSizeGreaterThan(3).allSatisfy(url -> assertThat(url)
                .startsWith(origin));
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void takesHostileTextAsText() {
        Map<String, Object> server = server(SCRIPT, SCRIPT, "READY", true, SCRIPT, SCRIPT);
        server.put("zone", SCRIPT);
        server.put("metadata", Map.of(SCRIPT, SCRIPT));
        open(explain(List.of(server)));
        browser.awaitTrue("document.querySelectorAll('tr.server').length === 1");
        browser.press("j");
        browser.press("Enter");
        browser.awaitTrue("document.querySelector('tr.more')");
        assertThat(browser.evaluate("document.title").getAsString()).isEqualTo("grpc-lb");
        assertThat(browser.evaluate("document.querySelectorAll('main script, main img').length")
                        .getAsInt())
                .isZero();
        assertThat(browser.text("tr.server")).contains(SCRIPT);
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void turnsPagesOfTenThousandServers() {
        open(explain(IntStream.range(0, 10_000)
                .mapToObj(i -> server("10.0." + i / 250 + "." + i % 250 + ":9090", "s" + i, "READY", true, "", "OK"))
                .toList()));
        browser.awaitTrue("document.querySelectorAll('tr.server').length === 100");
        assertThat(browser.text("#range")).isEqualTo("1–100 of 10,000");
        browser.evaluate("document.getElementById('after').click()");
        browser.awaitTrue("document.getElementById('range').textContent.startsWith('101–200')");
        browser.press("/");
        browser.press("9");
        browser.press("9");
        browser.press("9");
        browser.press("9");
        browser.awaitTrue("document.querySelectorAll('tr.server').length === 1");
        assertThat(browser.text("tr.server")).contains("s9999");
    }

    @Test
    void saysThatTheProcessDoesNotAnswer() {
        open(explain(List.of(server("10.0.0.1:9090", "a", "READY", true, "", "OK"))));
        browser.awaitTrue("document.querySelectorAll('tr.server').length === 1");
        application.close();
        browser.awaitTrue("!document.getElementById('problem').hidden");
        assertThat(browser.text("tr.server")).contains("10.0.0.1:9090"); // what was seen last stays
    }

    @Test
    void setsAndEndsAnOverride() throws Exception {
        try (EtcdServer etcd = EtcdServers.start();
                RawEtcd hands = new RawEtcd(etcd.endpoint());
                TestServer server = TestServer.start("s1")) {
            String address = "127.0.0.1:" + server.port();
            hands.put(
                    "/grpclb/grpclb_test2/" + address,
                    "{\"Op\":0,\"Addr\":\"" + address + "\",\"Metadata\":{\"id\":\"s1\",\"weight\":1}}");
            Options options =
                    Options.parse("--rpc=health", "--calls=20", "--quiet", "--warmup=0ms", "--wait-for-ready");
            SpringApplication real = new SpringApplication(SampleClient.class);
            real.addInitializers(
                    (GenericApplicationContext context) -> context.registerBean(Options.class, () -> options));
            application = real.run(
                    "--spring.main.web-application-type=servlet",
                    "--server.address=127.0.0.1",
                    "--server.port=0",
                    "--grpc.lb.etcd.endpoints=" + etcd.endpoint(),
                    "--grpc.lb.operations.enabled=true");
            assertThat(application.getBean(Greeter.class).run()).isZero();
            overrideAndEnd();
            hands.put("/grpclb/grpclb_test2/broken", "{\"Op\":0,\"Addr\":\"" + SCRIPT.replace("\"", "\\\"") + "\"}");
            compareWithTheRegistry();
        }
    }

    private void refusesToMeanAllByNamingNone() {
        browser.evaluate("document.getElementById('override-form').elements.service.value = 'grpclb_test2'");
        for (String name : List.of("duration", "reason", "author")) {
            browser.evaluate("document.getElementById('override-form').elements." + name + ".value = '10m'");
        }
        browser.evaluate("document.getElementById('override-form').elements.value.value = '5'");
        assertThat(browser.evaluate("document.getElementById('override-form').checkValidity()")
                        .getAsBoolean())
                .as("no name")
                .isFalse();
        browser.evaluate("document.getElementById('override-form').elements.name.value = 'nobody'");
        browser.evaluate("document.getElementById('override-form').elements.value.value = ''");
        assertThat(browser.evaluate("document.getElementById('override-form').checkValidity()")
                        .getAsBoolean())
                .as("no weight")
                .isFalse();
        browser.evaluate("document.getElementById('override-form').elements.value.value = '-1'");
        browser.evaluate("document.getElementById('override-form').requestSubmit()");
        browser.awaitTrue("document.getElementById('override-answer').textContent.includes('weight')");
    }

    private void overrideAndEnd() {
        browser.open(originOf(application).resolve("actuator/grpclb/ui").toString());
        browser.awaitTrue("document.querySelectorAll('tr.server').length === 1");
        browser.awaitTrue("!document.getElementById('override-form').hidden");
        refusesToMeanAllByNamingNone();
        browser.evaluate("""
                (() => {
                  const form = document.getElementById('override-form').elements;
                  const values = { service: 'grpclb_test2', name: 's1', value: '5', reason: 'a test', author: 'PageIT' };
                  for (const [name, value] of Object.entries(values)) form[name].value = value;
                  document.getElementById('override-form').requestSubmit();
                })()""");
        browser.awaitTrue("document.getElementById('override-answer').textContent === 'Set.'");
        browser.awaitTrue("document.getElementById('overrides-table').innerText.includes('weight 5')");
        browser.awaitTrue("document.querySelector('tr.server').innerText.includes('1 → 5 = 5')");
        browser.awaitTrue("document.getElementById('timeline').innerText.includes('override set')");
        browser.evaluate(
                "[...document.querySelectorAll('#overrides-table button')].find(each => each.textContent === 'End').click()");
        browser.awaitTrue("document.getElementById('overrides-table').innerText.includes('None.')");
        browser.awaitTrue("!document.querySelector('tr.server').innerText.includes('→')");
        assertThat(browser.complaints())
                .allSatisfy(each -> assertThat(each).contains("status of 400")); // of what was refused
    }

    private void compareWithTheRegistry() {
        browser.evaluate("document.querySelector('#records-details summary').click()");
        browser.awaitTrue("document.querySelectorAll('#records-table tbody tr').length === 2");
        assertThat(browser.text("#records-range")).contains("2 of 2 records", "this process knows 1 server");
        assertThat(browser.text("#records-table tbody tr:nth-child(1)"))
                .contains("go", "s1, weight 1, up", "until it is deleted", "has the same");
        assertThat(browser.text("#records-table tbody tr:nth-child(2)")).contains("<script>", "not here");
        assertThat(browser.text("#strip")).contains("registry answers");
        browser.awaitTrue("document.getElementById('reason').innerText.includes('1 record not used, such as')");
        assertThat(browser.text("#reason")).contains("/grpclb/grpclb_test2/broken: ", "<script>");
        browser.awaitTrue("document.getElementById('timeline').innerText.includes('refused')");
        assertThat(browser.complaints())
                .allSatisfy(each -> assertThat(each).contains("status of 400")); // of what was refused
    }

    private static URI originOf(ConfigurableApplicationContext context) {
        return URI.create("http://127.0.0.1:"
                + ((WebServerApplicationContext) context).getWebServer().getPort() + "/");
    }

    /** Returns the origin. */
    private String open(Section... sections) {
        SpringApplication pages = new SpringApplication(Application.class);
        pages.addInitializers((GenericApplicationContext context) -> {
            for (Section section : sections) {
                context.registerBean(section.name(), Section.class, () -> section);
            }
        });
        application = pages.run(
                "--spring.config.location=optional:classpath:/none/",
                "--spring.main.web-application-type=servlet",
                "--server.address=127.0.0.1",
                "--server.port=0",
                "--management.endpoints.web.exposure.include=grpclb",
                "--grpc.lb.etcd.embedded.enabled=true",
                "--grpc.lb.etcd.embedded.port=0",
                "--grpc.server.port=-1");
        String origin = originOf(application).toString();
        browser.open(URI.create(origin).resolve("actuator/grpclb/ui").toString());
        return origin;
    }

    private static Map<String, Object> server(
            String address, String id, String state, boolean takesCalls, String why, String reason) {
        Map<String, Object> server = new LinkedHashMap<>();
        server.put("address", address);
        server.put("id", id);
        server.put("state", state);
        server.put("takesCalls", takesCalls);
        server.put("why", why);
        server.put(
                "verdicts", List.of(Map.of("step", "ejection", "passes", takesCalls, "reason", reason, "detail", why)));
        server.put("weight", Map.of("registered", 5, "slowStart", 0.35, "effective", 1.75));
        server.put("share", Map.of("expected", 0.5, "observed", 0.25, "observedCalls", 123, "observedSeconds", 60));
        server.put("calls", Map.of("inFlight", 1, "failuresByCode", Map.of("UNAVAILABLE", 3)));
        server.put("key", "/grpclb/greeter/" + address);
        return server;
    }

    private static Section explain(List<Map<String, Object>> servers) {
        return section("explain", query -> {
            String search = query.search();
            List<Map<String, Object>> found = servers.stream()
                    .filter(each -> search == null || each.toString().contains(search))
                    .toList();
            List<Map<String, Object>> shown =
                    found.stream().skip(query.offset()).limit(query.limit()).toList();
            Map<String, Object> channel = new LinkedHashMap<>();
            channel.put("client", "shop");
            channel.put("service", "greeter");
            channel.put("policy", "round_robin");
            channel.put("state", "READY");
            channel.put("total", servers.size());
            channel.put("found", found.size());
            channel.put("counts", servers.stream().collect(groupingBy(each -> each.get("state"), counting())));
            channel.put("endpoints", new ArrayList<>(shown));
            return Map.of(
                    "version", 1,
                    "now", Instant.now().toString(),
                    "registry", Map.of("reachable", true, "answerAgeMillis", 120),
                    "channels", List.of(channel));
        });
    }

    private static Section section(String name, Function<SectionQuery, Object> read) {
        return new Section() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public @Nullable Object read(SectionQuery query) {
                return read.apply(query);
            }
        };
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}
}
