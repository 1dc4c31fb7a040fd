package io.github.grpclb.chaos;

import io.grpc.Channel;
import java.io.File;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Who makes the channels and servers of what is tried. Of the two, one is on the class path of a run. */
enum Host {
    DEVH(
            "sample-server",
            DevhApplications.Client.class,
            DevhApplications.Server.class,
            "grpc.server.",
            Map.of("grpc.server.port", "-1", "grpc.client.GLOBAL.negotiation-type", "plaintext"),
            List.of(
                    "grpc.client.GLOBAL.enable-keep-alive=true",
                    "grpc.client.GLOBAL.keep-alive-time=10s",
                    "grpc.client.GLOBAL.keep-alive-timeout=5s"),
            "net/devh/"),
    SPRING_GRPC(
            "sample-server-spring-grpc",
            SpringGrpcApplications.Client.class,
            SpringGrpcApplications.Server.class,
            "spring.grpc.server.",
            Map.of(),
            List.of(
                    "spring.grpc.client.channel.load.keepalive.time=10s",
                    "spring.grpc.client.channel.load.keepalive.timeout=5s"),
            "spring-grpc-core",
            "spring-boot-grpc-",
            "spring-boot-starter-grpc-");

    /** The property that says which one a run has. */
    static final String PROPERTY = "chaos.host";

    /** What a client's application has as a bean. */
    interface Stub {

        Channel channel();
    }

    private final String sampleServer;
    private final Class<?> client;
    private final Class<?> server;
    private final String serverPrefix;
    private final Map<String, Object> clientProperties;
    private final List<String> keepAlive;
    private final List<String> jars;

    Host(
            String sampleServer,
            Class<?> client,
            Class<?> server,
            String serverPrefix,
            Map<String, Object> clientProperties,
            List<String> keepAlive,
            String... jars) {
        this.sampleServer = sampleServer;
        this.client = client;
        this.server = server;
        this.serverPrefix = serverPrefix;
        this.clientProperties = clientProperties;
        this.keepAlive = keepAlive;
        this.jars = List.of(jars);
    }

    /** Returns the one of this run. */
    static Host current() {
        return of(System.getProperty(PROPERTY, DEVH.option()));
    }

    /**
     * Returns one by its name on a command line.
     *
     * @throws IllegalArgumentException if there is no such host
     */
    static Host of(String option) {
        return Stream.of(values())
                .filter(host -> host.option().equals(option))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("--host=" + option + " (expected: "
                        + Stream.of(values()).map(Host::option).collect(Collectors.joining(" or ")) + ")"));
    }

    /** Returns its name on a command line. */
    String option() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Says whether a test can run: the auto-configuration's integration tests are applications of net.devh's. */
    boolean runs(Class<?> test) {
        return this == DEVH || !test.getName().matches("io\\.github\\.grpclb\\.autoconfigure\\..*IT(\\$.*)?");
    }

    /** Returns a class path without the other hosts. */
    String classPath(String all) {
        return Arrays.stream(all.split(File.pathSeparator))
                .filter(entry -> Stream.of(values()).allMatch(host -> host == this || !host.has(entry)))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private boolean has(String entry) {
        return jars.stream().anyMatch(entry.replace(File.separatorChar, '/')::contains);
    }

    /** Returns the jar of the sample server, from the repository's root. */
    String serverJar() {
        return sampleServer + "/target/" + sampleServer + ".jar";
    }

    /** Returns an application with a bean of type {@link Stub}, whose channel is called {@code load}. */
    Class<?> client() {
        return client;
    }

    /** Returns an application that greets. */
    Class<?> server() {
        return server;
    }

    /** Returns what every client's application has. */
    Map<String, Object> clientProperties() {
        return clientProperties;
    }

    /** Returns a property of its server, such as {@code port}. */
    String serverProperty(String name) {
        return serverPrefix + name;
    }

    /** Returns the option that binds its server to an address. */
    String bindTo(String address) {
        return "--" + serverProperty("address") + "=" + address;
    }

    /** Returns the properties by which a client looks after its connections every ten seconds. */
    List<String> keepAlive() {
        return keepAlive;
    }
}
