package io.github.grpclb.xdsserver;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.github.grpclb.xdsserver.MeterTable.Series;

/** The alert rules for Prometheus. */
final class AlertRules {

    private static final String HERE = "service, instance";
    private static final Gson TEXT = new GsonBuilder().disableHtmlEscaping().create();

    private final MeterTable table;
    private final StringBuilder rules = new StringBuilder();

    private AlertRules(MeterTable table) {
        this.table = table;
    }

    static String of(MeterTable table) {
        AlertRules rules = new AlertRules(table);
        rules.rules();
        return "# Made of the meter table in docs/observability.md by DashboardsTest, with -Dgrpclb.docs.write=true.\n"
                + "groups:\n  - name: grpc-lb\n    rules:\n" + rules.rules;
    }

    private void rules() {
        Series lost = table.series("grpc.lb.registrations.lost");
        Series announced = table.series("grpc.lb.registrations");
        alert(
                "GrpcLbRegistrationLost",
                table.series("grpc.lb.registered").sum(HERE) + " == 0",
                "1m",
                "critical",
                "{{ $labels.instance }} is not announced as {{ $labels.service }}",
                "Its registration was lost and is not back: clients that start now do not find it. Its health and its log say why.",
                "docs/observability.md#the-own-registration");
        alert(
                "GrpcLbRegistrationLostOften",
                lost.increase(HERE, "30m") + " > 3",
                "1m",
                "warning",
                "{{ $labels.instance }} loses its registration as {{ $labels.service }} again and again",
                "Each time it was put back. The meter's tag reason says how it was lost: a TTL that is too short, a second process"
                        + " with the same id, or somebody who deletes keys.",
                "docs/operations.md#ttl");
        alert(
                "GrpcLbRegistrationNotVisible",
                announced.sum(HERE) + " > 0 unless "
                        + table.series("grpc.lb.registration.lag", "count").sum(HERE) + " > 0",
                "2m",
                "warning",
                "{{ $labels.instance }} does not see its own record of {{ $labels.service }}",
                "It was written and never read back.",
                "docs/observability.md#the-own-registration");
        alert(
                "GrpcLbRegistrationConflict",
                table.series("grpc.lb.registration.conflicts").happened(HERE, "10m"),
                "1m",
                "critical",
                "Another live process holds the key of {{ $labels.instance }} as {{ $labels.service }}",
                "One of the two is not found. They announce the same address: a container's own, or grpc.lb.registration.host"
                        + " copied from one to the other.",
                "docs/operations.md#advertised-address");
        Series age = table.series("grpc.lb.etcd.answer.age");
        alert(
                "GrpcLbEtcdUnreachable",
                age + " > 300 and on (instance) ("
                        + table.series("grpc.lb.endpoints").sum("instance") + " > 0 or "
                        + table.series("grpc.lb.registered").sum("instance") + " >= 0)",
                "5m",
                "warning",
                "{{ $labels.instance }} has not heard from etcd for long",
                "Calls go on with the last known lists, and what changes meanwhile is not seen. A process that neither knows servers"
                        + " nor is one asks etcd for nothing.",
                "docs/operations.md#etcd-outages");
        Series servers = table.series("grpc.lb.endpoints");
        Series usable = servers.where("state=~\"ready|suspect\"");
        alert(
                "GrpcLbNoReadyServer",
                usable.sum(HERE) + " == 0 and " + servers.sum(HERE) + " > 0",
                "2m",
                "critical",
                "{{ $labels.instance }} can call no server of {{ $labels.service }}",
                "It knows servers, and none of them is ready: they drain, are disabled or ejected, or cannot be connected to.",
                "docs/observability.md#states-of-an-endpoint");
        alert(
                "GrpcLbPanic",
                table.series("grpc.lb.panic").sum(HERE) + " > 0",
                "2m",
                "critical",
                "{{ $labels.instance }} uses ejected servers of {{ $labels.service }}",
                "Too few of the others are usable to carry the load of all.",
                "docs/routing.md#panic-threshold");
        alert(
                "GrpcLbMassChange",
                table.series("grpc.lb.mass.changes").happened(HERE, "10m"),
                "1m",
                "warning",
                "More than half of the addresses of {{ $labels.service }} were replaced at once",
                "A roll-out of everything at once, or somebody who writes records that he should not.",
                "docs/operations.md#roles-in-etcd");
        alert(
                "GrpcLbManySuspects",
                servers.where("state=\"suspect\"").sum(HERE) + " / " + servers.sum(HERE) + " > 0.3",
                "1m",
                "critical",
                "{{ $labels.instance }} uses servers of {{ $labels.service }} that etcd no longer lists",
                "Their keys vanished together. They are given up after grpc.lb.stale-max, which is 5 minutes unless it is set.",
                "docs/operations.md#mass-expiry");
        Series failed = table.series("grpc.lb.picks.failed");
        String failures = failed.rate(HERE, "5m");
        alert(
                "GrpcLbPicksFail",
                failures + " / (" + failures + " + ("
                        + table.series("grpc.lb.calls.started").rate(HERE, "5m") + " or " + failures + " * 0)) > 0.05",
                "5m",
                "critical",
                "Calls of {{ $labels.instance }} to {{ $labels.service }} find no server",
                "More than 5 % of picks. The meter's tag reason says why; the actuator's endpoint grpclb, for which channel.",
                "docs/observability.md#the-actuator-endpoint-grpclb");
        alert(
                "GrpcLbOverridden",
                table.series("grpc.lb.overrides").sum(HERE + ", kind") + " > 0",
                "30m",
                "info",
                "An override ({{ $labels.kind }}) of {{ $labels.service }} acts on {{ $labels.instance }}",
                "It ends by itself; what is to stay belongs into the service's configuration. The actuator's endpoint grpclb says who"
                        + " wants it, and why.",
                "docs/operations.md#overrides");
        alert(
                "GrpcLbEjections",
                table.series("grpc.lb.ejections").increase(HERE, "15m") + " > 5",
                "1m",
                "warning",
                "{{ $labels.instance }} ejects servers of {{ $labels.service }} again and again",
                "More than five times in a quarter of an hour. Its log says which, and how many of their calls failed.",
                "docs/routing.md#outlier-detection");
    }

    private void alert(
            String name,
            String query,
            String lasting,
            String severity,
            String summary,
            String description,
            String page) {
        rules.append("      - alert: ").append(name).append('\n');
        rules.append("        expr: ").append(TEXT.toJson(query)).append('\n');
        rules.append("        for: ").append(lasting).append('\n');
        rules.append("        labels:\n          severity: ").append(severity).append('\n');
        rules.append("        annotations:\n");
        rules.append("          summary: ").append(TEXT.toJson(summary)).append('\n');
        rules.append("          description: ").append(TEXT.toJson(description)).append('\n');
        rules.append("          runbook: ").append(page).append('\n');
    }
}
