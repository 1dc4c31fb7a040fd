package io.github.grpclb.xdsserver;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * Tells xDS clients of the services in etcd. All that it does is the starter's control plane and {@code application.yml}.
 */
@SpringBootApplication
public class XdsServerApplication {

    private static final String USAGE = """
            Tells xDS clients of the services in etcd: clients dial xds:///<service>.

              --etcd=URL,…      etcd that knows the servers (default http://127.0.0.1:2379)
              --port=PORT       where clients ask (default 18000)
              --address=HOST    address that it listens on (default 127.0.0.1; 0.0.0.0 for all)
              --http-port=PORT  health and metrics, at the same address (default 18001)

            Any property of Spring can be given too, such as --grpc.lb.xds.services.greeter.policy=least_request.
            """;

    /** Those of {@link #USAGE}, and Spring's that have no dot. */
    private static final Set<String> OPTIONS = Set.of("etcd", "port", "address", "http-port", "debug", "trace");

    private static final int BAD_USAGE = 2;

    public static void main(String[] args) {
        if (List.of(args).contains("--help")) {
            System.out.print(USAGE);
            return;
        }
        Optional<String> unknown = unknownOption(args);
        if (unknown.isPresent()) {
            System.err.println("grpc-lb-xds-server: unknown option " + unknown.get() + "; --help lists the options");
            System.exit(BAD_USAGE);
        }
        SpringApplication.run(XdsServerApplication.class, args);
    }

    /** A misspelt option would be ignored, and the default used. */
    static Optional<String> unknownOption(String... args) {
        return List.of(args).stream()
                .filter(arg -> {
                    String name = arg.replaceFirst("^--", "").replaceFirst("=.*", "");
                    return !arg.startsWith("--") || !name.contains(".") && !OPTIONS.contains(name);
                })
                .findFirst();
    }
}
