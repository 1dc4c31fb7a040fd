package io.github.grpclb.autoconfigure.properties;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

class RelaxedNamesTest {

    @ParameterizedTest
    @CsvSource({
        "user-service, user-service, user-service",
        "userservice,  user-service, userservice",
        "userservice,  UserService,  userservice",
        "user-service, userService,  user-service",
        "UserService,  user_service, UserService",
        "clustercallee, cluster@callee, clustercallee",
        "userrpc,      user.rpc,     userrpc",
        "user-service, user-services,",
        "---,          +++,",
    })
    void forgivesCapitalsAndSigns(String key, String client, String found) {
        assertThat(RelaxedNames.find("p.", Map.of(key, 1), client)).isEqualTo(java.util.Optional.ofNullable(found));
    }

    @Test
    void prefersTheNameItself() {
        Map<String, Integer> keys = Map.of("user-service", 1, "UserService", 2, "userservice", 3);
        keys.keySet()
                .forEach(name -> assertThat(RelaxedNames.find("p.", keys, name)).hasValue(name));
    }

    @Test
    void doesNotGuessBetweenTwo() {
        assertThatThrownBy(() -> RelaxedNames.find("p.", Map.of("user-service", 1, "UserService", 2), "userservice"))
                .isInstanceOf(InvalidPropertyException.class)
                .hasMessageContaining("UserService, user-service")
                .hasMessageContaining("\"userservice\"");
        assertThat(RelaxedNames.find("p.", Map.of("user-service", 1, "UserService", 1), "userservice"))
                .isPresent();
    }

    /** Spring binds what two sources say of one client under the key of each, and both hold all of it. */
    @Test
    void aVariableAndAFileMayNameOneClient() {
        StandardEnvironment environment = new StandardEnvironment();
        environment
                .getPropertySources()
                .addFirst(new MapPropertySource("file", Map.of("grpc.lb.clients.user-service.policy", "random")));
        environment
                .getPropertySources()
                .addFirst(new SystemEnvironmentPropertySource(
                        "test-systemEnvironment",
                        Map.of("GRPC_LB_CLIENTS_USERSERVICE_SERVICE", "users", "GRPC_LB_STATIC_USERSERVICE", "a:1")));
        GrpcLbProperties properties = new Binder(ConfigurationPropertySources.get(environment))
                .bindOrCreate("grpc.lb", Bindable.of(GrpcLbProperties.class), new BlankIsAbsent(BindHandler.DEFAULT));
        for (String client : List.of("user-service", "UserService", "userservice")) {
            assertThat(RelaxedNames.find("grpc.lb.clients.", properties.clients(), client)
                            .map(properties.clients()::get))
                    .hasValueSatisfying(settings -> {
                        assertThat(settings.service()).isEqualTo("users");
                        assertThat(settings.policy()).isEqualTo("random");
                    });
            assertThat(RelaxedNames.find("grpc.lb.static.", properties.staticEndpoints(), client))
                    .hasValue("userservice");
        }
    }
}
