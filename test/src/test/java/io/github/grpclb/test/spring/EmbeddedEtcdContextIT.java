package io.github.grpclb.test.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.test.TestEtcd;
import io.github.grpclb.testing.JUnitRun;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.annotation.DirtiesContext.ClassMode;
import org.springframework.test.context.ContextConfiguration;
import org.springframework.test.context.ContextHierarchy;
import org.springframework.test.context.TestPropertySource;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;

/** Which contexts have which prefix. Without Spring Boot: the annotation knows only Spring's own test framework. */
class EmbeddedEtcdContextIT {

    private static final List<TestEtcd> SEEN = Collections.synchronizedList(new ArrayList<>());

    @BeforeEach
    void forget() {
        SEEN.clear();
    }

    @Test
    void aContextThatIsCachedKeepsItsPrefixAndNoOtherHasIt() {
        JUnitRun.inTurn(First.class, OtherContext.class, SameAsFirst.class).requireSuccess(3);
        assertThat(SEEN.get(2)).isSameAs(SEEN.get(0));
        assertThat(SEEN.get(1).prefix()).isNotEqualTo(SEEN.get(0).prefix());
        assertThat(SEEN)
                .extracting(TestEtcd::endpoint)
                .containsOnly(TestEtcd.create().endpoint());
    }

    @Test
    void aContextThatIsMadeAnewHasAnotherPrefix() {
        JUnitRun.inTurn(Dirty.class).requireSuccess(2);
        assertThat(SEEN).hasSize(2).doesNotHaveDuplicates();
    }

    @Test
    void aHierarchyHasOnePrefix() {
        JUnitRun.inTurn(Hierarchy.class).requireSuccess(1);
        assertThat(SEEN).hasSize(2);
        assertThat(SEEN.get(0)).isSameAs(SEEN.get(1));
    }

    @Test
    void nestedAndExtendingClassesHaveItToo() {
        JUnitRun.inTurn(Outer.class, Extending.class).requireSuccess(2);
        assertThat(SEEN).hasSize(2);
    }

    @Test
    void whoIsNotAnnotatedHasNone() {
        JUnitRun.inTurn(Plain.class).requireSuccess(1);
    }

    @Configuration
    static class Application {}

    private abstract static class Base {

        @Autowired
        private TestEtcd etcd;

        @Autowired
        private Environment environment;

        @Test
        void isToldWhereEtcdIs() {
            SEEN.add(etcd);
            assertThat(environment.getProperty("grpc.lb.etcd.endpoints"))
                    .isEqualTo(etcd.endpoint().toString());
            assertThat(environment.getProperty("grpc.lb.etcd.prefix")).isEqualTo(etcd.prefix());
        }
    }

    @SpringJUnitConfig(Application.class)
    @AutoConfigureEmbeddedEtcd
    static class First extends Base {}

    @SpringJUnitConfig(Application.class)
    @AutoConfigureEmbeddedEtcd
    @TestPropertySource(properties = "x=y")
    @DirtiesContext
    static class OtherContext extends Base {}

    @SpringJUnitConfig(Application.class)
    @AutoConfigureEmbeddedEtcd
    @DirtiesContext
    static class SameAsFirst extends Base {}

    @SpringJUnitConfig(Application.class)
    @AutoConfigureEmbeddedEtcd
    @DirtiesContext(classMode = ClassMode.AFTER_EACH_TEST_METHOD)
    static class Dirty extends Base {

        @Test
        void again() {
            isToldWhereEtcdIs();
        }
    }

    @SpringJUnitConfig
    @ContextHierarchy({
        @ContextConfiguration(name = "parent", classes = Application.class),
        @ContextConfiguration(name = "child", classes = Application.class)
    })
    @AutoConfigureEmbeddedEtcd
    @DirtiesContext
    static class Hierarchy {

        @Autowired
        private ApplicationContext child;

        @Test
        void has() {
            SEEN.add(child.getBean(TestEtcd.class));
            SEEN.add(child.getParent().getBean(TestEtcd.class));
        }
    }

    @SpringJUnitConfig(Application.class)
    @AutoConfigureEmbeddedEtcd
    @DirtiesContext
    static class Outer {

        @Nested
        @DirtiesContext
        class Inner extends Base {}
    }

    @DirtiesContext
    static class Extending extends First {}

    @SpringJUnitConfig(Application.class)
    @DirtiesContext
    static class Plain {

        @Test
        void hasNone(@Autowired ObjectProvider<TestEtcd> etcd, @Autowired Environment environment) {
            assertThat(etcd.getIfAvailable()).isNull();
            assertThat(environment.containsProperty("grpc.lb.etcd.endpoints")).isFalse();
        }
    }
}
