package io.github.grpclb.autoconfigure;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.service.connection.ConnectionDetails;
import org.springframework.boot.ssl.SslBundle;

/**
 * Where etcd is and how to enter it. A bean of this type, as Spring Boot makes of a {@code @ServiceConnection} or of a Docker Compose
 * service, stands in for {@code grpc.lb.etcd.endpoints}, {@code .username}, {@code .password} and {@code .ssl.bundle}, whatever these
 * say. It is asked once, when the first connection is made.
 */
public interface EtcdConnectionDetails extends ConnectionDetails {

    /** Returns etcd's members, as {@code http://host:port} or {@code https://host:port}; at least one. */
    List<String> getEndpoints();

    /** Returns the user, or null where etcd asks for none. */
    default @Nullable String getUsername() {
        return null;
    }

    /** Returns the user's password, or null where there is no user. */
    default @Nullable String getPassword() {
        return null;
    }

    /** Returns the certificates, which endpoints with {@code https} need; or null. */
    default @Nullable SslBundle getSslBundle() {
        return null;
    }
}
