package io.github.grpclb.sample.client;

import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/**
 * Calls a service as its command line says, and shows who answered.
 *
 * <p>Exit codes: 0 when every call succeeded, 1 when one failed, 2 when the usage or the configuration is wrong.
 */
@SpringBootApplication
public class SampleClient {

    private static final int SOME_FAILED = 1;
    private static final int BAD_USAGE = 2;

    public static void main(String[] args) {
        System.exit(run(args));
    }

    private static int run(String[] args) {
        if (List.of(args).contains("--help")) {
            System.out.print(Options.USAGE);
            return 0;
        }
        Options options;
        try {
            options = Options.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println("sample-client: " + e.getMessage() + "; --help lists the options");
            return BAD_USAGE;
        }
        ConfigurableApplicationContext context;
        try {
            context = application(options).run(args);
        } catch (RuntimeException e) {
            return BAD_USAGE; // Spring Boot has said why
        }
        try (context) {
            return call(context.getBean(Greeter.class), options);
        }
    }

    private static SpringApplication application(Options options) {
        SpringApplication application = new SpringApplication(SampleClient.class);
        application.setAdditionalProfiles(options.profiles().toArray(String[]::new));
        application.addInitializers(
                (GenericApplicationContext context) -> context.registerBean(Options.class, () -> options));
        return application;
    }

    private static int call(Greeter greeter, Options options) {
        Report report = new Report();
        greeter.warmUp();
        new LoadGenerator(options, LoadGenerator.Clock.SYSTEM).run(greeter::call, (outcome, nanos) -> {
            report.add(outcome, nanos);
            if (!options.quiet()) {
                System.out.println(outcome.text());
            }
        });
        System.out.println(options.json() ? report.toJson() : report.toTable());
        return report.failed() == 0 ? 0 : SOME_FAILED;
    }
}
