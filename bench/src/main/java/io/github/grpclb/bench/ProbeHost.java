package io.github.grpclb.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** What starts gRPC in an {@link AppProbe}. */
enum ProbeHost {
    DEVH(
            "net.devh",
            DevhProbe.class,
            List.of(
                    "--grpc.server.address=127.0.0.1",
                    "--grpc.server.port=0",
                    "--grpc.client.GLOBAL.negotiation-type=plaintext"),
            "--grpc.client." + AppProbe.CLIENT + ".address=") {
        @Override
        String classPath() {
            return without(System.getProperty("java.class.path"), NOT_ITS);
        }
    },

    SPRING_GRPC(
            "Spring gRPC",
            SpringGrpcProbe.class,
            List.of("--spring.grpc.server.address=127.0.0.1", "--spring.grpc.server.port=0"),
            "--spring.grpc.client.channel." + AppProbe.CLIENT + ".target=") {
        @Override
        String classPath() throws IOException {
            Path target = Path.of("bench", "target");
            String all = target.resolve("classes")
                    + File.pathSeparator
                    + Files.readString(target.resolve("class-path-spring-grpc"));
            return without(without(all, NOT_ITS), OF_DEVH);
        }
    };

    /** Libraries that an application would not have; only picks are measured against them. */
    private static final List<String> NOT_ITS = List.of("grpc-xds", "dubbo", "armeria", "jmh");

    private static final List<String> OF_DEVH = List.of(
            "grpc-client-spring-boot",
            "grpc-server-spring-boot",
            "grpc-common-spring-boot",
            "grpc-netty-shaded",
            "grpc-lb-spring-boot-starter");

    private final String title;
    private final Class<?> main;
    private final List<String> options;
    private final String target;

    ProbeHost(String title, Class<?> main, List<String> options, String target) {
        this.title = title;
        this.main = main;
        this.options = options;
        this.target = target;
    }

    /** Returns the class path of an application that has this host alone. */
    abstract String classPath() throws IOException;

    String title() {
        return title;
    }

    Class<?> main() {
        return main;
    }

    /** Returns the options for a server on loopback and plaintext clients. */
    List<String> options() {
        return options;
    }

    /** Returns the option with which the client's channel leads there. */
    String leadingTo(String address) {
        return target + address;
    }

    private static String without(String classPath, List<String> names) {
        return Arrays.stream(classPath.split(File.pathSeparator))
                .filter(entry ->
                        names.stream().noneMatch(Path.of(entry).getFileName().toString()::startsWith))
                .collect(Collectors.joining(File.pathSeparator));
    }
}
