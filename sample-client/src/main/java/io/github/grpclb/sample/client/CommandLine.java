package io.github.grpclb.sample.client;

import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/**
 * Calls a service as the command line says, and shows who answered.
 *
 * <p>Exit codes: 0 when every call succeeded, 1 when one failed, 2 when the usage or the configuration is wrong.
 */
final class CommandLine {

    private static final int BAD_USAGE = 2;

    private CommandLine() {}

    /**
     * Runs an application.
     *
     * @param application has a bean of type {@link Greeter}
     * @return the exit code
     */
    static int run(Class<?> application, String[] args) {
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
            context = application(application, options).run(args);
        } catch (RuntimeException e) {
            return BAD_USAGE; // Spring Boot has said why
        }
        try (context) {
            return context.getBean(Greeter.class).run();
        }
    }

    private static SpringApplication application(Class<?> type, Options options) {
        SpringApplication application = new SpringApplication(type);
        application.setAdditionalProfiles(options.profiles().toArray(String[]::new));
        application.addInitializers(
                (GenericApplicationContext context) -> context.registerBean(Options.class, () -> options));
        return application;
    }
}
