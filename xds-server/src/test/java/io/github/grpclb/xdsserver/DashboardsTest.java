package io.github.grpclb.xdsserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.connection.PickObserver.Delay;
import io.github.grpclb.balancer.connection.PickObserver.Failure;
import io.github.grpclb.client.ChannelSetup;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver.Loss;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.discovery.StaticEndpointSource;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.metrics.CallMetrics;
import io.github.grpclb.metrics.EndpointMetrics;
import io.github.grpclb.metrics.GrpcLbMeters;
import io.github.grpclb.metrics.OverrideMetrics;
import io.github.grpclb.metrics.RegistryMetrics;
import io.github.grpclb.testing.Repository;
import io.github.grpclb.testing.TestServer;
import io.github.grpclb.xdsserver.MeterTable.ListedMeter;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * The files in {@code docs/dashboards}, against the meter table that they are made of and against what Prometheus is really given. To
 * write them anew: {@code mvn -pl xds-server -am test -Dtest=DashboardsTest -Dsurefire.failIfNoSpecifiedTests=false
 * -Dgrpclb.docs.write=true}.
 */
class DashboardsTest {

    private static final String DASHBOARD = "docs/dashboards/grpc-lb-grafana.json";
    private static final String ALERTS = "docs/dashboards/grpc-lb-alerts.yaml";

    private static final Pattern SAMPLE = Pattern.compile("(?m)^(grpc_lb_\\w+)(?:\\{([^}]*)})? ");
    private static final Pattern LABEL = Pattern.compile("(\\w+)\\s*(?:=~|!~|!=|=)\\s*\"");
    private static final Pattern SELECTOR = Pattern.compile("\\b(grpc_lb_\\w+)(?:\\{([^}]*)})?");
    private static final Pattern GROUPING = Pattern.compile("by \\(([^)]*)\\) \\(");

    /** What Prometheus adds to each series by itself. */
    private static final Set<String> OF_TARGET = Set.of("instance", "job");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final TestServer server = TestServer.start("a");
    private @Nullable ManagedChannel channel;

    @BeforeAll
    static void write() throws IOException {
        if (Boolean.getBoolean("grpclb.docs.write")) {
            Files.createDirectories(Repository.file(DASHBOARD).getParent());
            Files.writeString(Repository.file(DASHBOARD), GrafanaDashboard.of(MeterTable.read()));
            Files.writeString(Repository.file(ALERTS), AlertRules.of(MeterTable.read()));
        }
    }

    @BeforeEach
    void everythingHappens() {
        LiveEndpoints live = new LiveEndpoints();
        CallMetrics calls = new CallMetrics(registry, new EndpointMetrics(registry, live));
        Endpoint endpoint =
                Endpoint.builder("greeter", "127.0.0.1", server.port()).build();
        ManagedChannelBuilder<?> builder =
                Grpc.newChannelBuilder("etcd:///greeter", InsecureChannelCredentials.create());
        ChannelSetup.of(new StaticEndpointSource(Map.of("greeter", List.of(endpoint))))
                .live(live)
                .observer(calls)
                .build()
                .prepare(builder, "greeter");
        channel = builder.build();
        TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady());
        calls.callFinished(endpoint, "round_robin", Status.Code.OK, CallOutcome.SUCCESS, 1);
        calls.pickFailed("greeter", "round_robin", Failure.NOT_READY);
        calls.pickDelayed("greeter", "round_robin", Delay.CONNECTING);
        calls.firstList("greeter", 1);
        calls.endpointsSuspected("greeter", 1);
        RegistryMetrics events = new RegistryMetrics(registry, new Answered());
        events.registered(endpoint);
        events.seen(endpoint, Duration.ofMillis(5));
        events.lost(endpoint, Loss.LEASE_GONE);
        events.watchRestarted("greeter", Restart.PERIODIC);
        events.recordSkipped("greeter");
        events.massChange("greeter");
        events.conflict(endpoint, "held by another");
        new OverrideMetrics(registry, Map::of).begun(override());
    }

    private static io.github.grpclb.override.Override override() {
        return new io.github.grpclb.override.Override(
                "greeter",
                "all",
                new io.github.grpclb.override.Override.Selector.All(),
                new io.github.grpclb.override.Override.Effect.Disabled(),
                "ann",
                "leaks memory",
                Instant.EPOCH,
                Instant.EPOCH.plusSeconds(60),
                "",
                0);
    }

    @AfterEach
    void stop() throws InterruptedException {
        if (channel != null) {
            channel.shutdownNow();
        }
        server.close();
    }

    @Test
    void theTableListsAllMetersWithTheirTags() throws IOException {
        MeterTable table = MeterTable.read();
        Set<String> listed = new TreeSet<>(table.byName().keySet());
        listed.removeIf(name -> name.startsWith("grpc.lb.xds."));
        assertThat(listed).isEqualTo(constants());
        Map<String, Set<String>> exported = exported();
        assertThat(listed).allSatisfy(name -> {
            ListedMeter meter = table.meter(name);
            assertThat(meter.series()).allSatisfy(series -> {
                assertThat(exported).containsKey(series);
                assertThat(exported.get(series)).isEqualTo(meter.tags());
            });
        });
    }

    @Test
    void theDashboardIsTheGeneratedOne() throws IOException {
        compare(DASHBOARD, GrafanaDashboard.of(MeterTable.read()));
    }

    @Test
    void theAlertsAreTheGeneratedOnes() throws IOException {
        compare(ALERTS, AlertRules.of(MeterTable.read()));
    }

    @Test
    void everyPanelHasWhatAReaderNeedsAndQueriesWhatThereIs() throws IOException {
        Set<String> seen = new HashSet<>();
        Set<Integer> ids = new HashSet<>();
        Set<String> taken = new HashSet<>();
        List<JsonObject> panels = panels();
        assertThat(panels).hasSizeGreaterThan(20);
        for (JsonObject panel : panels) {
            String title = panel.get("title").getAsString();
            assertThat(title).isNotBlank();
            assertThat(ids.add(panel.get("id").getAsInt())).as(title).isTrue();
            if (panel.get("type").getAsString().equals("row")) {
                continue;
            }
            assertThat(panel.get("description").getAsString()).as(title).isNotBlank();
            JsonObject defaults = panel.getAsJsonObject("fieldConfig").getAsJsonObject("defaults");
            assertThat(defaults.get("unit").getAsString()).as(title).isNotBlank();
            JsonObject place = panel.getAsJsonObject("gridPos");
            assertThat(taken.add(place.get("x") + "/" + place.get("y")))
                    .as(title)
                    .isTrue();
            assertThat(panel.getAsJsonArray("targets")).as(title).isNotEmpty();
            for (JsonElement target : panel.getAsJsonArray("targets")) {
                String query = target.getAsJsonObject().get("expr").getAsString();
                seen.addAll(requireAnswerable(query));
            }
        }
        MeterTable table = MeterTable.read();
        assertThat(constants())
                .as("each meter has a panel")
                .allSatisfy(name -> assertThat(table.meter(name).series()).anyMatch(seen::contains));
    }

    @Test
    void everyVariableAsksForWhatThereIs() throws IOException {
        JsonObject dashboard = JsonParser.parseString(read(DASHBOARD)).getAsJsonObject();
        List<String> queries = new ArrayList<>();
        dashboard
                .getAsJsonObject("templating")
                .getAsJsonArray("list")
                .forEach(variable ->
                        queries.add(variable.getAsJsonObject().get("query").getAsString()));
        assertThat(queries)
                .filteredOn(query -> query.startsWith("label_values"))
                .hasSize(2)
                .allSatisfy(query -> {
                    Matcher metric = SELECTOR.matcher(query);
                    while (metric.find()) {
                        assertThat(exported()).containsKey(metric.group(1));
                    }
                });
    }

    @Test
    void everyAlertHasWhatAnOperatorNeedsAndAsksForWhatThereIs() throws IOException {
        List<Map<String, Object>> rules = rules();
        assertThat(rules)
                .extracting(rule -> (String) rule.get("alert"))
                .doesNotHaveDuplicates()
                .contains(
                        "GrpcLbRegistrationLost",
                        "GrpcLbRegistrationNotVisible",
                        "GrpcLbRegistrationConflict",
                        "GrpcLbEtcdUnreachable",
                        "GrpcLbNoReadyServer",
                        "GrpcLbPanic",
                        "GrpcLbMassChange",
                        "GrpcLbManySuspects",
                        "GrpcLbPicksFail",
                        "GrpcLbEjections");
        for (Map<String, Object> rule : rules) {
            String name = (String) rule.get("alert");
            assertThat((String) rule.get("for")).as(name).matches("[1-9][0-9]*m");
            assertThat(texts(rule, "labels").get("severity")).as(name).isIn("info", "warning", "critical");
            Map<String, String> annotations = texts(rule, "annotations");
            assertThat(annotations.get("summary")).as(name).isNotBlank();
            assertThat(annotations.get("description")).as(name).isNotBlank();
            requireHeading(name, annotations.get("runbook"));
            Set<String> series = requireAnswerable((String) rule.get("expr"));
            assertThat(series).as(name).isNotEmpty();
            Matcher label = Pattern.compile("\\$labels\\.(\\w+)").matcher(annotations.get("summary"));
            while (label.find()) {
                assertThat(labels((String) rule.get("expr"), series)).as(name).contains(label.group(1));
            }
        }
    }

    /** Returns the series that a query asks for, all of which are exported with the labels that it names. */
    private Set<String> requireAnswerable(String query) {
        Map<String, Set<String>> exported = exported();
        Set<String> series = new TreeSet<>();
        Matcher selector = SELECTOR.matcher(query);
        while (selector.find()) {
            String name = selector.group(1);
            series.add(name);
            assertThat(exported).as(query).containsKey(name);
            if (selector.group(2) != null) {
                Matcher label = LABEL.matcher(selector.group(2));
                while (label.find()) {
                    assertThat(known(exported, name)).as(query).contains(label.group(1));
                }
            }
        }
        Matcher grouping = GROUPING.matcher(query);
        while (grouping.find()) {
            String inner = query.substring(grouping.end(), end(query, grouping.end()));
            Matcher grouped = SELECTOR.matcher(inner);
            assertThat(grouped.find()).as(inner).isTrue();
            assertThat(known(exported, grouped.group(1)))
                    .as(query)
                    .contains(grouping.group(1).split(", "));
        }
        assertThat(end("(" + query + ")", 1)).as("brackets of " + query).isEqualTo(query.length() + 1);
        return series;
    }

    private static Set<String> known(Map<String, Set<String>> exported, String series) {
        Set<String> labels = new TreeSet<>(exported.get(series));
        labels.addAll(OF_TARGET);
        return labels;
    }

    /** Returns the labels that the answers to a query have. */
    private Set<String> labels(String query, Set<String> series) {
        Matcher grouping = GROUPING.matcher(query);
        return grouping.find()
                ? Set.of(grouping.group(1).split(", "))
                : known(exported(), series.iterator().next());
    }

    /** Returns where the bracket closes that was opened before. */
    private static int end(String query, int from) {
        int depth = 1;
        for (int i = from; i < query.length(); i++) {
            depth += query.charAt(i) == '(' ? 1 : query.charAt(i) == ')' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        return -1;
    }

    private static void requireHeading(String alert, String link) throws IOException {
        String[] parts = link.split("#");
        Path page = Repository.file(parts[0]);
        assertThat(page).as(alert).exists();
        assertThat(Files.readAllLines(page))
                .as(alert + ": " + link)
                .filteredOn(line -> line.startsWith("#"))
                .extracting(line -> line.replaceAll("^#+ ", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^a-z0-9 _-]", "")
                        .replace(' ', '-'))
                .contains(parts[1]);
    }

    private Map<String, Set<String>> exported() {
        Map<String, Set<String>> series = new TreeMap<>();
        Matcher sample = SAMPLE.matcher(registry.scrape());
        while (sample.find()) {
            Set<String> labels = series.computeIfAbsent(sample.group(1), name -> new TreeSet<>());
            if (sample.group(2) != null) {
                LABEL.matcher(sample.group(2)).results().forEach(label -> labels.add(label.group(1)));
            }
        }
        return series;
    }

    private static Set<String> constants() {
        Set<String> names = new TreeSet<>();
        Arrays.stream(GrpcLbMeters.class.getFields())
                .filter(field -> field.getType() == String.class)
                .map(DashboardsTest::valueOf)
                .filter(name -> name.startsWith("grpc.lb."))
                .forEach(names::add);
        return names;
    }

    private static String valueOf(Field field) {
        try {
            return (String) field.get(null);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void compare(String file, String generated) throws IOException {
        assertThat(read(file).equals(generated))
                .as(file + " is what it is made of; -Dgrpclb.docs.write=true writes it")
                .isTrue();
    }

    private static String read(String file) throws IOException {
        return Files.readString(Repository.file(file));
    }

    private static List<JsonObject> panels() throws IOException {
        List<JsonObject> panels = new ArrayList<>();
        JsonParser.parseString(read(DASHBOARD))
                .getAsJsonObject()
                .getAsJsonArray("panels")
                .forEach(panel -> panels.add(panel.getAsJsonObject()));
        return panels;
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> rules() throws IOException {
        Map<String, Object> file = new Yaml(new SafeConstructor(new LoaderOptions())).load(read(ALERTS));
        return ((List<Map<String, Object>>) file.get("groups"))
                .stream()
                        .flatMap(group -> ((List<Map<String, Object>>) group.get("rules")).stream())
                        .toList();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, String> texts(Map<String, Object> rule, String name) {
        return (Map<String, String>) rule.get(name);
    }

    /** An etcd that answered a moment ago. */
    private static final class Answered implements RegistryStatus {

        @Override
        public String name() {
            return "etcd";
        }

        @Override
        public @Nullable String unreachableBecause() {
            return null;
        }

        @Override
        public @Nullable String refusedBecause() {
            return null;
        }

        @Override
        public Duration sinceLastAnswer() {
            return Duration.ofSeconds(1);
        }
    }
}
