package io.github.grpclb.cli;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.ConsumerDirectory;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.discovery.Similar;
import io.github.grpclb.etcd.override.EtcdOverrideStore;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.Override.Effect;
import io.github.grpclb.override.OverrideStore;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.builtin.Policies;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What an operator can ask and do. For one thread. */
final class Commands {

    static final String USAGE = """
            Shows what is registered in etcd, and overrides it for a while: weights, servers that take no calls, policies. Needs etcd alone.

              bin/grpclb services                             which services there are
              bin/grpclb servers SERVICE                      its servers, and what is overridden of them
              bin/grpclb explain SERVICE                      why each server gets its calls, fewer or none, as far as the registry says
              bin/grpclb consumers SERVICE                    who calls it, where clients have grpc.lb.consumers.enabled
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
              --force               also where no server would be left that takes calls, and a policy of your own
              --json                a line of JSON for each row

            Where etcd is, else as etcdctl reads it from ETCDCTL_ENDPOINTS, ETCDCTL_USER, ETCDCTL_PASSWORD, ETCDCTL_CACERT, …:
              --etcd=URL,…          (default http://127.0.0.1:2379)
              --user=NAME           its password is in ETCDCTL_PASSWORD
              --cacert=FILE --cert=FILE --key=FILE
              --prefix=TEXT         grpc.lb.etcd.prefix of the servers (default /grpclb/)
              --overrides-prefix=TEXT   (default /grpclb-overrides/)
              --consumers-prefix=TEXT   (default /grpclb-consumers/)
              --timeout=TIME        for each answer (default 5s)

            Exit code: 0 when it was done, 1 when it was refused or etcd did not answer, 2 when the usage is wrong.
            """;

    private static final PolicyTable POLICIES = Policies.with(List.of());

    /** How many names are told to who mistook one. */
    private static final int MOST_NAMED = 20;

    private static final List<String> COMMANDS = List.of(
            "services",
            "servers",
            "explain",
            "consumers",
            "watch",
            "overrides",
            "weight",
            "disable",
            "drain",
            "policy",
            "split",
            "undo");

    private final Registry registry;
    private final CommandLine line;
    private final PrintStream out;
    private final PrintStream notes;
    private final String user;

    /**
     * Creates them.
     *
     * @param out takes what was asked for
     * @param notes takes what else is to be known, so that a program that reads rows does not meet it
     * @param user who is taken for the author where none is given
     */
    Commands(Registry registry, CommandLine line, PrintStream out, PrintStream notes, String user) {
        this.registry = registry;
        this.line = line;
        this.out = out;
        this.notes = notes;
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
            case "consumers" -> consumers();
            case "watch" -> watch();
            case "overrides" -> overrides();
            case "weight" -> weight();
            case "disable", "drain" -> put(line.words("TARGET").get(0), new Effect.Disabled());
            case "policy" -> policy();
            case "split" -> split();
            case "undo" -> undo();
            default ->
                throw new UsageException("unknown command '" + line.command() + "'" + meant(line.command(), COMMANDS));
        }
    }

    private void services() {
        line.words();
        ServiceCatalog.Services found =
                registry.answer(registry.catalog().services(), registry.rights().readServices());
        Table table = new Table("service", "servers");
        found.services().forEach(each -> table.add(each.name(), each.servers()));
        table.print(out, line.has("json"));
        if (!found.complete()) {
            notes.println("There are more.");
        }
    }

    private void consumers() {
        String service = line.words("SERVICE").get(0);
        ConsumerDirectory.Consumers found = registry.answer(
                registry.consumers().consumers(service), registry.rights().readConsumers(service));
        Table table = new Table("application", "version", "instance", "policy", "servers", "started");
        found.consumers()
                .forEach(each -> table.add(
                        each.application(),
                        each.version(),
                        each.instance(),
                        each.policy(),
                        each.servers(),
                        time(each.startedAt())));
        table.print(out, line.has("json"));
        if (found.unreadable() > 0) {
            notes.println(found.unreadable() + " more cannot be read.");
        }
        if (!found.complete()) {
            notes.println("There are more.");
        }
    }

    private static @Nullable String time(long millis) {
        return millis == 0 ? null : Instant.ofEpochMilli(millis).toString();
    }

    private void servers() {
        EndpointSnapshot snapshot = existing(line.words("SERVICE").get(0));
        sayWhatIsHidden(snapshot.service());
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
                    time(each.startedAt()),
                    registered == null ? null : String.join("; ", registered.causes()));
        }
        table.print(out, line.has("json"));
        say(snapshot.balancing());
    }

    private void explain() {
        EndpointSnapshot snapshot = existing(line.words("SERVICE").get(0));
        sayWhatIsHidden(snapshot.service());
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
        String service = words.isEmpty() ? null : words.get(0);
        Rights.Right right = service == null
                ? registry.rights().readAllOverrides()
                : registry.rights().readOverrides(service);
        Table table = new Table("service", "name", "target", "effect", "ends in", "author", "reason");
        Instant now = Instant.now();
        for (Override each : registry.answer(registry.overrides().list(service), right)) {
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
        String policy = words.get(1);
        // clients that do not know a policy keep theirs: a slip of the pen would be without effect, and nobody would
        // hear of it
        if (!line.has("force") && !POLICIES.names().contains(policy)) {
            throw new UsageException("policy " + policy + meant(policy, POLICIES.names()) + " (expected: one of "
                    + String.join(", ", POLICIES.names()) + "; or --force, for a policy of your own)");
        }
        put(words.get(0), new Effect.Policy(policy));
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
        if (effect.isOfService() && !(target.selector() instanceof Override.Selector.All)) {
            throw new UsageException(
                    line.command() + " " + text + " (expected: SERVICE, since it is for all of its servers)");
        }
        OverrideStore.Draft draft = new OverrideStore.Draft(
                target.service(),
                line.text("name").orElse(null),
                target.selector(),
                effect,
                holding(),
                line.text("author").orElse(user),
                line.required("why", "a reason, for whoever asks"),
                line.has("force"));
        EndpointSnapshot snapshot = existing(target.service());
        if (snapshot.endpoints().stream().noneMatch(target.selector()::selects)) {
            throw new RefusedException(text + ": no server of that kind is registered" + others(target, snapshot));
        }
        Override set;
        try {
            set = registry.answer(
                    registry.overrides().put(draft), registry.rights().changeOverrides(target.service()));
        } catch (DeniedException e) {
            throw e;
        } catch (RefusedException e) {
            throw new RefusedException(String.valueOf(e.getMessage()).replace(", or force)", ", or --force)"));
        }
        out.println(set.service() + "/" + set.name() + ": " + set.describe());
        out.println("It ends by itself. To end it before: bin/grpclb undo " + set.service() + "/" + set.name());
    }

    private Duration holding() {
        Duration time = line.time("for")
                .orElseThrow(() -> new UsageException("--for is missing (expected: a time such as 10m)"));
        if (time.compareTo(EtcdOverrideStore.SHORTEST) < 0 || time.compareTo(Override.LONGEST) > 0) {
            throw new UsageException("--for=" + line.text("for").orElseThrow() + " (expected: 1s to "
                    + Override.LONGEST.toDays() + "d)");
        }
        return time;
    }

    /** Returns what there is of that kind, for who mistook one. */
    private static String others(Target target, EndpointSnapshot snapshot) {
        SortedSet<String> found = new TreeSet<>();
        for (Endpoint each : snapshot.endpoints()) {
            if (target.selector() instanceof Override.Selector.Zone) {
                addIfThere(found, each.zone());
            } else if (target.selector() instanceof Override.Selector.Version) {
                addIfThere(found, each.version());
            } else {
                addIfThere(found, each.id());
                found.add(each.address());
            }
        }
        if (found.isEmpty()) {
            return "; none of its servers says one";
        }
        String written = Target.written(target.selector());
        return (found.size() == 1 ? "; there is " : "; there are ")
                + LogText.of(found.stream().limit(MOST_NAMED).collect(Collectors.joining(", ")))
                + (found.size() > MOST_NAMED ? ", …" : "")
                + meant(written.substring(written.indexOf('=') + 1), found);
    }

    private static void addIfThere(SortedSet<String> found, @Nullable String text) {
        if (text != null) {
            found.add(text);
        }
    }

    /** Returns the question after the name that may have been meant; empty where there is none. */
    private static String meant(String written, Collection<String> names) {
        return Similar.to(written, names)
                .map(similar -> "; did you mean '" + LogText.of(similar) + "'?")
                .orElse("");
    }

    private void undo() {
        String text = line.words("SERVICE/NAME").get(0);
        int slash = text.indexOf('/');
        if (slash <= 0 || slash == text.length() - 1) {
            throw new UsageException("undo " + text + " (expected: SERVICE/NAME, as \"overrides\" shows them)");
        }
        String service = text.substring(0, slash);
        String name = text.substring(slash + 1);
        Rights.Right right = registry.rights().changeOverrides(service);
        if (!registry.answer(registry.overrides().delete(service, name), right)) {
            List<String> names = registry.answer(registry.overrides().list(service), right).stream()
                    .map(Override::name)
                    .toList();
            throw new RefusedException(text + ": there is no such override" + meant(name, names));
        }
        out.println(text + " is ended.");
    }

    private void watch() throws InterruptedException {
        String service = line.words("SERVICE").get(0);
        registry.endpoints(service); // what is denied is told at once, and not waited for
        sayWhatIsHidden(service);
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
            throw new RefusedException(service + ": no server is registered" + meant(service, serviceNames()));
        }
        return snapshot;
    }

    /** Returns the names of services, as far as this user may know them. */
    private List<String> serviceNames() {
        try {
            return registry
                    .answer(registry.catalog().services(), registry.rights().readServices())
                    .services()
                    .stream()
                    .map(ServiceCatalog.Service::name)
                    .toList();
        } catch (RefusedException e) {
            return List.of();
        }
    }

    /** Without overrides a list looks whole, and is not what clients go by. */
    private void sayWhatIsHidden(String service) {
        try {
            registry.answer(
                    registry.overrides().list(service), registry.rights().readOverrides(service));
        } catch (DeniedException e) {
            notes.println("What is overridden is not seen here. " + e.getMessage());
        }
    }

    private void say(BalancingOverride balancing) {
        if (!line.has("json")) {
            balancing.causes().forEach(out::println);
        }
    }
}
