package io.github.grpclb.autoconfigure.springgrpc;

import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.autoconfigure.RegisteredServer;
import io.github.grpclb.autoconfigure.properties.ConfigurationCheck;
import io.github.grpclb.server.ServerLifecycle;
import io.grpc.BindableService;
import java.util.List;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

/**
 * Says that nothing is registered where the servlet container serves gRPC: there is no server then that starts and stops, and the
 * container closes its port with calls still coming.
 */
@AutoConfiguration(after = SpringGrpcServerAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass(value = GrpcServerLifecycle.class, name = "io.grpc.servlet.jakarta.GrpcServlet")
@ConditionalOnBean({ServerLifecycle.class, BindableService.class})
public final class SpringGrpcServletAutoConfiguration {

    private static final String WARNING = "No gRPC server is registered: the servlet container serves gRPC here. Set"
            + " spring.grpc.server.servlet.enabled=false, so that a server of gRPC's own does; or, if it is not to be"
            + " registered, grpc.lb.registration.enabled=false.";

    @Bean
    @Lazy // asked for when the application is ready
    ConfigurationCheck grpcLbSpringServletCheck(ListableBeanFactory beans) {
        RegisteredServer server = new RegisteredServer(beans, GrpcServerLifecycle.class, null);
        return () -> server.isAny() ? List.of() : List.of(WARNING);
    }
}
