package io.github.grpclb.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.JUnitRun;
import io.github.grpclb.testing.RawEtcd;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

class WithEmbeddedEtcdIT {

    private static final Set<TestEtcd> SEEN = ConcurrentHashMap.newKeySet();

    @BeforeEach
    void forget() {
        SEEN.clear();
    }

    @Test
    void aClassHasOnePrefixWhereverItAsksForIt() {
        JUnitRun.inTurn(Everywhere.class).requireSuccess(3);
        assertThat(SEEN).hasSize(1);
    }

    @Test
    void classesHaveOneEtcdAndPrefixesOfTheirOwn() {
        JUnitRun.atTheSameTime(First.class, Second.class, Extended.class, OnePerClass.class)
                .requireSuccess(4);
        assertThat(SEEN)
                .extracting(TestEtcd::endpoint)
                .containsOnly(TestEtcd.create().endpoint());
        assertThat(SEEN).extracting(TestEtcd::prefix).hasSize(4).doesNotHaveDuplicates();
    }

    @Test
    void aClassThatRunsAgainHasAnotherPrefix() {
        JUnitRun.inTurn(First.class).requireSuccess(1);
        JUnitRun.inTurn(First.class).requireSuccess(1);
        assertThat(SEEN).hasSize(2);
    }

    @Test
    void namesItForAnApplication() {
        TestEtcd etcd = TestEtcd.create();
        assertThat(etcd.prefix()).startsWith("/").endsWith("/");
        assertThat(etcd.arguments())
                .containsExactly(
                        "--grpc.lb.etcd.endpoints=" + etcd.endpoint(),
                        "--grpc.lb.etcd.prefix=" + etcd.prefix(),
                        "--grpc.lb.etcd.overrides-prefix=" + etcd.overridesPrefix());
    }

    @WithEmbeddedEtcd
    static class Everywhere {

        Everywhere(TestEtcd etcd) {
            SEEN.add(etcd);
        }

        @BeforeAll
        static void before(TestEtcd etcd) {
            SEEN.add(etcd);
        }

        @Test
        void first(TestEtcd etcd) {
            SEEN.add(etcd);
        }

        @Test
        void second(TestEtcd etcd) {
            SEEN.add(etcd);
        }

        @Nested
        class Inner {

            @Test
            void third(TestEtcd etcd) {
                SEEN.add(etcd);
            }
        }
    }

    @WithEmbeddedEtcd
    static class First {

        @Test
        void writesAndReads(TestEtcd etcd) {
            SEEN.add(etcd);
            try (RawEtcd operator = new RawEtcd(etcd.endpoint())) {
                operator.put(etcd.prefix() + "a", "1");
                assertThat(operator.all(etcd.prefix())).hasSize(1);
            }
        }
    }

    @WithEmbeddedEtcd
    static class Second {

        @Test
        void writesAndReads(TestEtcd etcd) {
            new First().writesAndReads(etcd);
        }
    }

    static class Extended extends Second {}

    @WithEmbeddedEtcd
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    static class OnePerClass {

        private final TestEtcd etcd;

        OnePerClass(TestEtcd etcd) {
            this.etcd = etcd;
        }

        @Test
        void hasTheSame(TestEtcd mine) {
            SEEN.add(etcd);
            assertThat(mine).isSameAs(etcd);
        }
    }
}
