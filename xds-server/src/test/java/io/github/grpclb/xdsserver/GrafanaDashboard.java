package io.github.grpclb.xdsserver;

import com.google.gson.GsonBuilder;
import io.github.grpclb.xdsserver.MeterTable.ListedMeter;
import io.github.grpclb.xdsserver.MeterTable.Series;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The dashboard for Grafana. Its panels' descriptions are the meter table's. */
final class GrafanaDashboard {

    private static final String RATE = "$__rate_interval";
    private static final int WIDTH = 24;
    private static final int HEIGHT = 8;

    private final MeterTable table;
    private final List<Map<String, Object>> panels = new ArrayList<>();
    private int x;
    private int y;

    private GrafanaDashboard(MeterTable table) {
        this.table = table;
    }

    static String of(MeterTable table) {
        GrafanaDashboard dashboard = new GrafanaDashboard(table);
        dashboard.panels();
        return new GsonBuilder()
                        .setPrettyPrinting()
                        .disableHtmlEscaping()
                        .create()
                        .toJson(dashboard.frame())
                + "\n";
    }

    private void panels() {
        row("Calls");
        counted("Calls by service and policy", "reqps", "grpc.lb.calls.started", "service, policy");
        Series finished = mine("grpc.lb.calls.finished", "count");
        panel(
                "Calls that failed, by status",
                "reqps",
                List.of("grpc.lb.calls.finished"),
                target(finished.where("status!=\"OK\"").rate("service, status", RATE), "{{service}} {{status}}"));
        panel(
                "Time of calls, mean and longest",
                "s",
                List.of("grpc.lb.calls.finished"),
                target(
                        mine("grpc.lb.calls.finished", "sum").rate("service", RATE) + " / "
                                + finished.rate("service", RATE),
                        "{{service}} mean"),
                target("max by (service) (" + mine("grpc.lb.calls.finished", "max") + ")", "{{service}} longest"));
        held("Calls under way", "short", "grpc.lb.calls.in.flight", "service");
        counted("Picks that found no server", "ops", "grpc.lb.picks.failed", "service, reason");
        counted("Picks that let their call wait", "ops", "grpc.lb.picks.delayed", "service, reason");
        panel(
                "Time to the first list of a channel",
                "s",
                List.of("grpc.lb.first.list"),
                target("max by (service) (" + mine("grpc.lb.first.list", "max") + ")", "{{service}} longest"));
        row("Servers");
        held("Servers by state, over all clients", "short", "grpc.lb.endpoints", "service, state");
        panel(
                "Share of servers that clients can use",
                "percentunit",
                List.of("grpc.lb.endpoints"),
                target(
                        mine("grpc.lb.endpoints")
                                        .where("state=~\"ready|suspect\"")
                                        .sum("service") + " / "
                                + mine("grpc.lb.endpoints").sum("service"),
                        "{{service}}"));
        counted("Ejections", "ops", "grpc.lb.ejections", "service");
        held("Panic", "short", "grpc.lb.panic", "service, instance");
        counted("Servers that became suspects", "ops", "grpc.lb.endpoints.suspected", "service");
        held("Overrides in force", "short", "grpc.lb.overrides", "service, kind, instance");
        row("Registry");
        panel(
                "Time since etcd last answered",
                "s",
                List.of("grpc.lb.etcd.answer.age"),
                target(
                        "max by (instance) ("
                                + table.series("grpc.lb.etcd.answer.age").where("instance=~\"$instance\"") + ")",
                        "{{instance}}"));
        counted("Lists that were read again", "ops", "grpc.lb.etcd.watch.restarts", "service, reason");
        counted("Mass changes", "ops", "grpc.lb.mass.changes", "service");
        counted("Records that could not be read", "ops", "grpc.lb.records.skipped", "service");
        row("Registration of servers");
        held("Processes that are announced", "short", "grpc.lb.registered", "service");
        counted("Announcements", "ops", "grpc.lb.registrations", "service");
        counted("Announcements that were lost", "ops", "grpc.lb.registrations.lost", "service, reason");
        counted("Other processes with a server's key", "ops", "grpc.lb.registration.conflicts", "service");
        panel(
                "Time until the own record was read back",
                "s",
                List.of("grpc.lb.registration.lag"),
                target("max by (service) (" + mine("grpc.lb.registration.lag", "max") + ")", "{{service}} longest"));
        row("Single servers, with grpc.lb.metrics.per-endpoint");
        counted("Calls by server and outcome", "reqps", "grpc.lb.endpoint.calls", "endpoint, outcome");
        held("Calls under way by server", "short", "grpc.lb.endpoint.in.flight", "endpoint");
        panel(
                "Weight in effect",
                "short",
                List.of("grpc.lb.endpoint.weight"),
                target("max by (endpoint) (" + mine("grpc.lb.endpoint.weight") + ")", "{{endpoint}}"));
        panel(
                "Part of the weight by slow start",
                "percentunit",
                List.of("grpc.lb.endpoint.slow.start"),
                target("min by (endpoint) (" + mine("grpc.lb.endpoint.slow.start") + ")", "{{endpoint}}"));
    }

    /** Returns a meter's series of the services and processes that the viewer chose. */
    private Series mine(String meter) {
        return chosen(table.series(meter));
    }

    private Series mine(String timer, String which) {
        return chosen(table.series(timer, which));
    }

    private static Series chosen(Series series) {
        return series.where("service=~\"$service\",instance=~\"$instance\"");
    }

    private void counted(String title, String unit, String counter, String by) {
        panel(title, unit, List.of(counter), target(mine(counter).rate(by, RATE), legend(by)));
    }

    private void held(String title, String unit, String gauge, String by) {
        panel(title, unit, List.of(gauge), target(mine(gauge).sum(by), legend(by)));
    }

    private static String legend(String by) {
        return Stream.of(by.split(", ")).map(label -> "{{" + label + "}}").collect(Collectors.joining(" "));
    }

    private static Map<String, Object> target(String query, String legend) {
        Map<String, Object> target = new LinkedHashMap<>();
        target.put("datasource", datasource());
        target.put("expr", query);
        target.put("legendFormat", legend);
        return target;
    }

    private void row(String title) {
        if (x > 0) {
            y += HEIGHT;
        }
        x = 0;
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("id", panels.size() + 1);
        row.put("type", "row");
        row.put("title", title);
        row.put("collapsed", false);
        row.put("gridPos", fields("x", 0, "y", y++, "w", WIDTH, "h", 1));
        row.put("panels", List.of());
        panels.add(row);
    }

    @SafeVarargs
    private void panel(String title, String unit, List<String> meters, Map<String, Object>... targets) {
        int width = WIDTH / 3;
        if (x + width > WIDTH) {
            x = 0;
            y += HEIGHT;
        }
        for (int i = 0; i < targets.length; i++) {
            targets[i].put("refId", String.valueOf((char) ('A' + i)));
        }
        Map<String, Object> position = fields("x", x, "y", y, "w", width, "h", HEIGHT);
        x += width;
        Map<String, Object> panel = new LinkedHashMap<>();
        panel.put("id", panels.size() + 1);
        panel.put("type", "timeseries");
        panel.put("title", title);
        panel.put(
                "description",
                meters.stream()
                        .map(table::meter)
                        .map(GrafanaDashboard::describe)
                        .collect(Collectors.joining("\n")));
        panel.put("datasource", datasource());
        panel.put("gridPos", position);
        panel.put("fieldConfig", fields("defaults", fields("unit", unit, "min", 0), "overrides", List.of()));
        panel.put("targets", List.of(targets));
        panels.add(panel);
    }

    private static String describe(ListedMeter meter) {
        return meter.name() + ": " + meter.says();
    }

    private Map<String, Object> frame() {
        Map<String, Object> frame = new LinkedHashMap<>();
        frame.put("uid", "grpc-lb");
        frame.put("title", "grpc-lb");
        frame.put("description", "Calls, servers and the registry, as grpc-lb's clients and servers measure them");
        frame.put("tags", List.of("grpc", "grpc-lb"));
        frame.put("schemaVersion", 39);
        frame.put("editable", true);
        frame.put("refresh", "30s");
        frame.put("time", fields("from", "now-1h", "to", "now"));
        frame.put("templating", Map.of("list", List.of(source(), variable("service"), variable("instance"))));
        frame.put("panels", panels);
        return frame;
    }

    private static Map<String, Object> source() {
        return fields("name", "datasource", "label", "Data source", "type", "datasource", "query", "prometheus");
    }

    private Map<String, Object> variable(String label) {
        String all =
                "label_values({__name__=~\"" + table.series("grpc.lb.endpoints").name() + "|"
                        + table.series("grpc.lb.registrations").name() + "\"}, " + label + ")";
        Map<String, Object> variable = new LinkedHashMap<>();
        variable.put("name", label);
        variable.put("label", label.equals("service") ? "Service" : "Process");
        variable.put("type", "query");
        variable.put("datasource", datasource());
        variable.put("query", all);
        variable.put("refresh", 2);
        variable.put("sort", 1);
        variable.put("multi", true);
        variable.put("includeAll", true);
        variable.put("allValue", ".*");
        return variable;
    }

    private static Map<String, Object> datasource() {
        return fields("type", "prometheus", "uid", "${datasource}");
    }

    /** Returns them in their order, which is the file's. */
    private static Map<String, Object> fields(Object... namesAndValues) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return fields;
    }
}
