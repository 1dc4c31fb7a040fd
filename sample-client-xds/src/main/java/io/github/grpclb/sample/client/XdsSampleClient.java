package io.github.grpclb.sample.client;

import io.github.grpclb.sample.HelloServiceGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthGrpc;
import java.util.List;

/**
 * The sample client as somebody writes it who has never heard of grpc-lb: grpc-java, its module for xDS, and the address of a control
 * plane.
 *
 * <p>Exit codes: 0 when every call succeeded, 1 when one failed, 2 when the usage is wrong.
 */
public final class XdsSampleClient {

    private static final int BAD_USAGE = 2;

    private XdsSampleClient() {}

    public static void main(String[] args) {
        System.exit(run(args));
    }

    private static int run(String... args) {
        if (List.of(args).contains("--help")) {
            System.out.print(XdsOptions.USAGE);
            return 0;
        }
        XdsOptions options;
        try {
            options = XdsOptions.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println("sample-client-xds: " + e.getMessage() + "; --help lists the options");
            return BAD_USAGE;
        }
        // in place of a file that GRPC_XDS_BOOTSTRAP names; that variable would win
        System.setProperty("io.grpc.xds.bootstrapConfig", options.bootstrap());
        ManagedChannel channel = Grpc.newChannelBuilder(options.target(), InsecureChannelCredentials.create())
                .build();
        try {
            return new Greeter(
                            options.load(),
                            HelloServiceGrpc.newStub(channel),
                            HealthGrpc.newStub(channel),
                            Greeter.Preparation.NONE)
                    .run();
        } finally {
            channel.shutdownNow();
        }
    }
}
