package io.github.grpclb.cli;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.Override.Effect;
import io.github.grpclb.override.OverrideStore;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What an operator can ask and do. For one thread. */
final class Commands {

    static final String USAGE = """
            Shows what is registered in etcd, and overrides it for a while: weights, servers that take no calls, policies. Needs etcd alone.

              bin/grpclb services                             which services there are
              bin/grpclb servers SERVICE                      its servers, and what is overridden of them
              bin/grpclb explain SERVICE                      why each server gets its calls, fewer or none, as far as the registry says
              bin/grpclb watch SERVICE [--for=TIME]           what changes, until Ctrl-C
              bin/grpclb overrides [SERVICE]                  what is overridden, by whom, until when and why
              bin/grpclb weight TARGET N --for=TIME --why=…   another weight, 0 for no new calls while others have more
              bin/grpclb disable TARGET --for=TIME --why=…    no new calls; "drain" is the same
              bin/grpclb policy SERVICE NAME --for=TIME --why=…
              bin/grpclb split SERVICE KEY VALUE=PERCENT,… --for=TIME --why=…
              bin/grpclb undo SERVICE/NAME                    ends an override before its time

            A TARGET is SERVICE/ID, SERVICE/HOST:PORT, SERVICE/zone=ZONE, SERVICE/version=VERSION, or SERVICE for all of its servers.
              --for=TIME            30s, 10m, 2h or 1d, 7d at most; it ends by itself
              --why=TEXT            told to whoever asks why a server gets no calls
              --author=NAME         who you are (default: your name on this machine)
              --name=NAME           the override's name (default: made of the target); one of the same name is replaced
              --force               also where no server would be left that takes calls
              --json                a line of JSON for each row

            Where etcd is, else as etcdctl reads it from ETCDCTL_ENDPOINTS, ETCDCTL_USER, ETCDCTL_PASSWORD, ETCDCTL_CACERT, …:
              --etcd=URL,…          (default http://127.0.0.1:2379)
              --user=NAME           its password is in ETCDCTL_PASSWORD
              --cacert=FILE --cert=FILE --key=FILE
              --prefix=TEXT         grpc.lb.etcd.prefix of the servers (default /grpclb/)
              --overrides-prefix=TEXT   (default /grpclb-overrides/)
              --timeout=TIME        for each answer (default 5s)

            Exit code: 0 when it was done, 1 when it was refused or etcd did not answer, 2 when the usage is wrong.
            """;

    private final Registry registry;
    private final CommandLine line;
    private final PrintStream out;
    private final String user;

    Commands(Registry registry, CommandLine line, PrintStream out, String user) {
        this.registry = registry;
        this.line = line;
        this.out = out;
        this.user = user;
    }

    /**
     * Does it.
     *
     * @throws UsageException if there is no such command, or its words are not what it needs
     * @throws RefusedException if it was not done
     */
    void run() throws InterruptedException {
        switch (line.command()) {
            case "services" -> services();
            case "servers" -> servers();
            case "explain" -> explain();
            case "watch" -> watch();
            case "overrides" -> overrides();
            case "weight" -> weight();
            case "disable", "drain" -> put(line.words("TARGET").get(0), new Effect.Disabled());
            case "policy" -> policy();
            case "split" -> split();
            case "undo" -> undo();
            default -> throw new UsageException("unknown command '" + line.command() + "'");
        }
    }

    private void services() {
        line.words();
        ServiceCatalog.Services found = registry.answer(registry.catalog().services());
        Table table = new Table("service", "servers");
        found.services().forEach(each -> table.add(each.name(), each.servers()));
        table.print(out, line.has("json"));
        if (!found.complete() && !line.has("json")) {
            out.println("There are more.");
        }
    }

    private void servers() {
        EndpointSnapshot snapshot = existing(line.words("SERVICE").get(0));
        Table table =
                new Table("address", "id", "zone", "version", "state", "weight", "registered", "started", "overridden");
        for (Endpoint each : snapshot.endpoints()) {
            Endpoint.Overridden registered = each.overridden();
            table.add(
                    each.address(),
                    each.id(),
                    each.zone(),
                    each.version(),
                    each.state().name().toLowerCase(Locale.ROOT),
                    each.weight(),
                    registered == null ? each.weight() : registered.weight(),
                    each.startedAt() == 0
                            ? null
                            : Instant.ofEpochMilli(each.startedAt()).toString(),
                    registered == null ? null : String.join("; ", registered.causes()));
        }
        table.print(out, line.has("json"));
        say(snapshot.balancing());
    }

    private void explain() {
        EndpointSnapshot snapshot = existing(line.words("SERVICE").get(0));
        List<Endpoint> up = snapshot.endpoints().stream()
                .filter(each -> each.state() == Endpoint.State.UP)
                .toList();
        long sum = up.stream().mapToLong(Endpoint::weight).sum();
        Table table = new Table("address", "id", "share", "why");
        for (Endpoint each : snapshot.endpoints()) {
            boolean takes = each.state() == Endpoint.State.UP && (each.weight() > 0 || sum == 0);
            double share = !takes ? 0 : sum == 0 ? 1.0 / up.size() : (double) each.weight() / sum;
            table.add(
                    each.address(),
                    each.id(),
                    String.format(Locale.ROOT, "%.1f %%", share * 100),
                    why(each, sum, up.size()));
        }
        table.print(out, line.has("json"));
        if (!line.has("json")) {
            out.println();
            out.println(
                    "Shares are those of a client that sees all of them ready and follows weights. A client's own page, grpclb/ui, says more.");
        }
        say(snapshot.balancing());
    }

    private static String why(Endpoint endpoint, long sum, int up) {
        Endpoint.Overridden registered = endpoint.overridden();
        String by = registered == null ? "" : " (" + String.join("; ", registered.causes()) + ")";
        return switch (endpoint.state()) {
            case DISABLED -> "no new calls: disabled" + by;
            case DRAINING ->
                up == 0 ? "it drains, and nobody else is left" : "no new calls: it drains, and is about to leave" + by;
            case UP ->
                endpoint.weight() > 0
                        ? "weight " + endpoint.weight() + " of " + sum + by
                        : sum > 0
                                ? "no new calls: weight 0 while others have more" + by
                                : "weight 0, as all others" + by;
        };
    }

    private void overrides() {
        List<String> words = line.words("[SERVICE]");
        Table table = new Table("service", "name", "target", "effect", "ends in", "author", "reason");
        Instant now = Instant.now();
        for (Override each : registry.answer(registry.overrides().list(words.isEmpty() ? null : words.get(0)))) {
            String which = Target.written(each.selector());
            table.add(
                    each.service(),
                    each.name(),
                    which.isEmpty() ? each.service() : each.service() + "/" + which,
                    each.describe().substring(0, each.describe().indexOf(" by ")),
                    left(now, each.until()),
                    each.author(),
                    each.reason());
        }
        table.print(out, line.has("json"));
    }

    private static String left(Instant now, Instant until) {
        Duration left = Duration.between(now, until).truncatedTo(ChronoUnit.SECONDS);
        return left.isNegative() ? "0s" : left.toString().substring(2).toLowerCase(Locale.ROOT);
    }

    private void weight() {
        List<String> words = line.words("TARGET", "N");
        int weight;
        try {
            weight = Integer.parseInt(words.get(1));
        } catch (NumberFormatException e) {
            throw new UsageException(
                    "weight " + words.get(1) + " (expected: a whole number, 0 to " + Endpoint.MAX_WEIGHT + ")");
        }
        put(words.get(0), new Effect.Weight(weight));
    }

    private void policy() {
        List<String> words = line.words("SERVICE", "NAME");
        put(words.get(0), new Effect.Policy(words.get(1)));
    }

    private void split() {
        List<String> words = line.words("SERVICE", "KEY", "VALUE=PERCENT,…");
        Map<String, Double> shares = new LinkedHashMap<>();
        for (String each : words.get(2).split(",")) {
            int sign = each.lastIndexOf('=');
            try {
                shares.put(each.substring(0, Math.max(0, sign)), Double.valueOf(each.substring(sign + 1)));
            } catch (NumberFormatException e) {
                throw new UsageException("split " + words.get(2) + " (expected: VALUE=PERCENT,…, such as v2=5)");
            }
        }
        put(words.get(0), new Effect.Split(new BalancingOverride.Split(words.get(1), shares)));
    }

    private void put(String text, Effect effect) {
        Target target = Target.parse(text);
        if (registry.endpoints(target.service()).endpoints().stream().noneMatch(target.selector()::selects)) {
            throw new RefusedException(text + ": no server of that kind is registered");
        }
        Override set = registry.answer(registry.overrides()
                .put(new OverrideStore.Draft(
                        target.service(),
                        line.text("name").orElse(null),
                        target.selector(),
                        effect,
                        line.time("for")
                                .orElseThrow(
                                        () -> new UsageException("--for is missing (expected: a time such as 10m)")),
                        line.text("author").orElse(user),
                        line.required("why", "a reason, for whoever asks"),
                        line.has("force"))));
        out.println(set.service() + "/" + set.name() + ": " + set.describe());
        out.println("It ends by itself. To end it before: bin/grpclb undo " + set.service() + "/" + set.name());
    }

    private void undo() {
        String text = line.words("SERVICE/NAME").get(0);
        int slash = text.indexOf('/');
        if (slash <= 0 || slash == text.length() - 1) {
            throw new UsageException("undo " + text + " (expected: SERVICE/NAME, as \"overrides\" shows them)");
        }
        if (!registry.answer(registry.overrides().delete(text.substring(0, slash), text.substring(slash + 1)))) {
            throw new RefusedException(text + ": there is no such override");
        }
        out.println(text + " is ended.");
    }

    private void watch() throws InterruptedException {
        String service = line.words("SERVICE").get(0);
        Watcher watcher = new Watcher();
        try (EndpointSource.Subscription subscription = registry.source().subscribe(service, watcher)) {
            Duration limit = line.time("for").orElse(null);
            CountDownLatch never = new CountDownLatch(1);
            if (limit == null) {
                never.await();
            } else {
                never.await(limit.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (IllegalArgumentException e) {
            throw new RefusedException(String.valueOf(e.getMessage()));
        }
    }

    /** Says what changes, a line each. */
    private final class Watcher implements EndpointListener {

        private Map<String, Endpoint> before = Map.of();
        private BalancingOverride balancing = BalancingOverride.NONE;

        @java.lang.Override
        public void onEndpoints(EndpointSnapshot snapshot) {
            Map<String, Endpoint> now = new LinkedHashMap<>();
            snapshot.endpoints().forEach(each -> now.put(each.address(), each));
            List<String> lines = new ArrayList<>();
            now.forEach((address, endpoint) -> {
                Endpoint was = before.get(address);
                if (!endpoint.equals(was)) {
                    lines.add((was == null ? "there: " : "changed: ") + described(endpoint));
                }
            });
            before.forEach((address, endpoint) -> {
                if (!now.containsKey(address)) {
                    lines.add("gone: " + described(endpoint));
                }
            });
            if (!snapshot.balancing().equals(balancing)) {
                lines.add("balancing: "
                        + (snapshot.balancing().causes().isEmpty()
                                ? "each client's own"
                                : String.join("; ", snapshot.balancing().causes())));
            }
            before = now;
            balancing = snapshot.balancing();
            lines.forEach(each -> tell(each));
        }

        @java.lang.Override
        public void onUnavailable(String reason) {
            tell("nothing is known yet: " + reason);
        }

        @java.lang.Override
        public void onReachable(boolean reachable) {
            tell(reachable ? "etcd answers again" : "etcd does not answer; this stands");
        }

        private void tell(String what) {
            out.println(Instant.now().truncatedTo(ChronoUnit.MILLIS) + " " + what);
        }

        private String described(Endpoint endpoint) {
            Endpoint.Overridden registered = endpoint.overridden();
            return endpoint.address() + named(endpoint.id()) + " "
                    + endpoint.state().name().toLowerCase(Locale.ROOT) + " weight " + endpoint.weight()
                    + (registered == null ? "" : " (" + String.join("; ", registered.causes()) + ")");
        }

        private String named(@Nullable String id) {
            return id == null ? "" : " " + id;
        }
    }

    private EndpointSnapshot existing(String service) {
        EndpointSnapshot snapshot = registry.endpoints(service);
        if (snapshot.endpoints().isEmpty()) {
            throw new RefusedException(service + ": no server is registered");
        }
        return snapshot;
    }

    private void say(BalancingOverride balancing) {
        if (!line.has("json")) {
            balancing.causes().forEach(out::println);
        }
    }
}
