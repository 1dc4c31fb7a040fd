package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.ConfigurationCheck;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import java.util.Collection;
import java.util.List;

/** Finds a hook that would be answered with 404: Kubernetes goes on with the stop then, and nobody hears that nothing was drained. */
final class PreStopCheck implements ConfigurationCheck {

    private final GrpcLbProperties.Operations operations;

    PreStopCheck(GrpcLbProperties.Operations operations) {
        this.operations = operations;
    }

    @Override
    public Collection<String> warnings() {
        return operations.preStop() && !operations.enabled()
                ? List.of("grpc.lb.operations.pre-stop=true has no effect, as grpc.lb.operations.enabled is false: GET"
                        + " grpclb/pre-stop is answered with 404, and drains nothing. Set"
                        + " grpc.lb.operations.enabled=true, or leave pre-stop out.")
                : List.of();
    }
}
