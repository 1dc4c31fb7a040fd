package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.autoconfigure.TestApplications.Who;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.test.TestEtcd;
import io.github.grpclb.test.spring.AutoConfigureEmbeddedEtcd;
import io.github.grpclb.testing.JUnitRun;
import io.grpc.CallOptions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.annotation.DirtiesContext.ClassMode;
import org.springframework.test.context.TestPropertySource;

/**
 * Tests of a user's: each an application that is server and client of the service {@code greeter}, so that whoever met another's would
 * get its answer. No call waits for ready.
 */
class AutoConfigureEmbeddedEtcdIT {

    private static final List<String> PREFIXES = Collections.synchronizedList(new ArrayList<>());

    /** The application of the context that is paused. */
    private static Application first;

    @BeforeEach
    void forget() {
        PREFIXES.clear();
    }

    @RepeatedTest(3)
    void contextsThatRunAtTheSameTimeDoNotMeet() {
        JUnitRun.atTheSameTime(One.class, Two.class, MadeAnew.class, Weighted.class)
                .requireSuccess(9);
        assertThat(PREFIXES).doesNotHaveDuplicates().hasSize(6);
    }

    @RepeatedTest(3)
    void aContextThatWasPausedGoesOnAsTheSame() {
        JUnitRun.inTurn(Paused.class, Two.class, Resumed.class).requireSuccess(6);
        assertThat(PREFIXES).hasSize(2);
    }

    @Test
    void theApplicationsOwnEtcdAndPortDoNotCount() {
        JUnitRun.inTurn(WithOthersInItsFiles.class).requireSuccess(2);
    }

    @Test
    void whatTheTestSaysDoesCount() {
        JUnitRun.inTurn(WithAPrefixOfItsOwn.class).requireSuccess(2);
    }

    /** Counts how often it was stopped. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Who.class, Caller.class})
    static class Application implements SmartLifecycle {

        private volatile int stops;
        private volatile boolean running;

        @Override
        public void start() {
            running = true;
        }

        @Override
        public void stop() {
            stops++;
            running = false;
        }

        @Override
        public boolean isRunning() {
            return running;
        }
    }

    private abstract static class Base {

        @Autowired
        private Caller caller;

        @Autowired
        Application application;

        @Autowired
        Environment environment;

        @Autowired
        EtcdConnection connection;

        @Autowired
        TestEtcd etcd;

        @Test
        void itsFirstCallFindsItsOwnServer() {
            remember();
            assertThat(ask()).isEqualTo(environment.getProperty("grpc.lb.registration.id"));
        }

        @Test
        void soDoAllOthers() {
            remember();
            for (int i = 0; i < 20; i++) {
                assertThat(ask()).isEqualTo(environment.getProperty("grpc.lb.registration.id"));
            }
        }

        private void remember() {
            if (!PREFIXES.contains(etcd.prefix())) {
                PREFIXES.add(etcd.prefix());
            }
        }

        private String ask() {
            return caller.ask(CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS));
        }
    }

    @SpringBootTest(
            classes = Application.class,
            webEnvironment = WebEnvironment.NONE,
            properties = {"spring.application.name=greeter", "grpc.client.GLOBAL.negotiation-type=plaintext"})
    @AutoConfigureEmbeddedEtcd
    private abstract static class Greeter extends Base {}

    @TestPropertySource(properties = "grpc.lb.registration.id=one")
    @DirtiesContext
    static class One extends Greeter {}

    @TestPropertySource(properties = "grpc.lb.registration.id=two")
    @DirtiesContext
    static class Two extends Greeter {}

    @TestPropertySource(properties = "grpc.lb.registration.id=anew")
    @DirtiesContext(classMode = ClassMode.AFTER_EACH_TEST_METHOD)
    static class MadeAnew extends Greeter {

        @Test
        void asOftenAsThereAreTests() {
            soDoAllOthers();
        }
    }

    @TestPropertySource(properties = {"grpc.lb.registration.id=weighted", "grpc.lb.policy=weighted_random"})
    @DirtiesContext
    static class Weighted extends Greeter {}

    @TestPropertySource(properties = "grpc.lb.registration.id=kept")
    static class Paused extends Greeter {

        @BeforeEach
        void keep() {
            first = application;
        }
    }

    @TestPropertySource(properties = "grpc.lb.registration.id=kept")
    @DirtiesContext
    static class Resumed extends Greeter {

        @BeforeEach
        void isTheOneThatWasPaused() {
            assertThat(application).isSameAs(first);
            assertThat(application.stops).isOne();
        }
    }

    /** What a file says is like what a variable or a system property does. */
    @SpringBootTest(
            classes = Application.class,
            webEnvironment = WebEnvironment.NONE,
            properties = "spring.config.location=classpath:production.yml")
    @AutoConfigureEmbeddedEtcd
    @DirtiesContext
    static class WithOthersInItsFiles extends Base {}

    @TestPropertySource(properties = {"grpc.lb.registration.id=own", "grpc.lb.etcd.prefix=/mine/"})
    @DirtiesContext
    static class WithAPrefixOfItsOwn extends Greeter {

        @BeforeEach
        void isUsed() {
            assertThat(connection.options().prefix()).isEqualTo("/mine/");
        }
    }
}
