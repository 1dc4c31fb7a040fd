package io.github.grpclb.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives a JUnit test class an etcd: a parameter of type {@link TestEtcd}, of its constructor, its test methods or its methods before and
 * after these, says where it is. All classes of a JVM share one embedded etcd, and each has a prefix of its own there, which its {@code
 * @Nested} classes share.
 *
 * <pre>{@code
 * @WithEmbeddedEtcd
 * class GreeterTest {
 *
 *     @Test
 *     void starts(TestEtcd etcd) {
 *         try (var context = SpringApplication.run(Greeter.class, etcd.arguments())) {
 *             // …
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>For JUnit 5 and 6. A {@code @SpringBootTest} takes {@code @AutoConfigureEmbeddedEtcd} instead.
 */
@Target({ElementType.TYPE, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ExtendWith(EmbeddedEtcdExtension.class)
public @interface WithEmbeddedEtcd {}
