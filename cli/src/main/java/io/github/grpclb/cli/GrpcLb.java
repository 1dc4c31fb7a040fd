package io.github.grpclb.cli;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.client.EtcdUnavailableException;
import io.github.grpclb.etcd.consumers.EtcdConsumerDirectory;
import io.github.grpclb.etcd.consumers.EtcdConsumers;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.etcd.override.EtcdOverrideStore;
import io.github.grpclb.etcd.override.EtcdOverrides;
import io.github.grpclb.etcd.override.OverridePrefix;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.override.OverriddenSource;
import io.github.grpclb.override.OverrideObserver;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The command line for operators: what is registered in etcd, and what they override of it.
 *
 * <p>Exit codes: 0 when it was done, 1 when it was refused or etcd did not answer, 2 when the usage is wrong.
 */
public final class GrpcLb {

    private static final int DONE = 0;
    private static final int REFUSED = 1;
    private static final int BAD_USAGE = 2;

    private GrpcLb() {}

    public static void main(String[] args) {
        System.exit(run(System.out, System.err, System.getenv(), args));
    }

    static int run(PrintStream out, PrintStream errors, Map<String, String> environment, String... args) {
        if (args.length == 0 || List.of(args).contains("--help")) {
            out.print(Commands.USAGE);
            return args.length == 0 ? BAD_USAGE : DONE;
        }
        try {
            CommandLine line = CommandLine.parse(args);
            EtcdOptions options = new Access(line, environment).options();
            try (EtcdConnection connection = new EtcdConnection(options)) {
                run(connection, line, out, errors, environment);
            }
            return DONE;
        } catch (UsageException | IllegalValueException e) {
            errors.println("grpclb: " + e.getMessage() + "; --help lists the commands");
            return BAD_USAGE;
        } catch (RefusedException e) {
            errors.println("grpclb: " + e.getMessage());
            return REFUSED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return REFUSED;
        }
    }

    private static void run(
            EtcdConnection connection,
            CommandLine line,
            PrintStream out,
            PrintStream notes,
            Map<String, String> environment)
            throws InterruptedException {
        Duration patience = connection.options().callTimeout().multipliedBy(2);
        String prefix = line.text("overrides-prefix").orElse(OverridePrefix.DEFAULT);
        String consumersPrefix = line.text("consumers-prefix").orElse(EtcdConsumers.DEFAULT_PREFIX);
        Rights rights = rights(connection.options(), prefix, consumersPrefix);
        EtcdOverrideStore store = new EtcdOverrideStore(connection, prefix);
        EtcdConsumerDirectory consumers = new EtcdConsumerDirectory(connection, consumersPrefix);
        awaitReachable(connection, patience, rights);
        EtcdEndpointSource registered = new EtcdEndpointSource(connection, Duration.ZERO, RegistryObserver.NONE);
        try (OverriddenSource source = new OverriddenSource(
                registered,
                new EtcdOverrides(connection, prefix, Duration.ZERO, RegistryObserver.NONE),
                OverrideObserver.NONE,
                connection.loop())) {
            Registry registry =
                    new Registry(connection, registered.catalog(), source, store, consumers, rights, patience);
            new Commands(registry, line, out, notes, user(environment)).run();
        }
    }

    /** Checks the prefixes, each under the option that sets it. */
    private static Rights rights(EtcdOptions options, String overridesPrefix, String consumersPrefix) {
        KeySpace endpoints = options.keySpace();
        KeySpace overrides = prefix("--overrides-prefix", overridesPrefix, OverridePrefix::of);
        KeySpace consumers = prefix("--consumers-prefix", consumersPrefix, EtcdConsumers::keySpace);
        overrides.requireApart("--overrides-prefix", endpoints.prefix(), "--prefix");
        consumers.requireApart("--consumers-prefix", endpoints.prefix(), "--prefix");
        consumers.requireApart("--consumers-prefix", overrides.prefix(), "--overrides-prefix");
        return new Rights(options.username(), endpoints, overrides, consumers);
    }

    private static KeySpace prefix(String option, String written, Function<String, KeySpace> reading) {
        try {
            return reading.apply(written);
        } catch (IllegalValueException e) {
            throw e.named(option);
        }
    }

    private static void awaitReachable(EtcdConnection connection, Duration patience, Rights rights) {
        try {
            connection.awaitReachable(patience);
        } catch (EtcdUnavailableException e) {
            String said = String.valueOf(e.getMessage());
            boolean isOfUser = e.isRefusal() && said.contains("refuses the credentials");
            throw new RefusedException(isOfUser ? rights.unknown(said) : said);
        }
    }

    private static String user(Map<String, String> environment) {
        return environment.getOrDefault("USER", System.getProperty("user.name", "somebody"));
    }
}
