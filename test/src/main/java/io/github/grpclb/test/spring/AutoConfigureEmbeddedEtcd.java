package io.github.grpclb.test.spring;

import io.github.grpclb.test.TestEtcd;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Gives the application context of a test, such as that of a {@code @SpringBootTest}, an etcd: one embedded etcd for the whole JVM, and a
 * prefix of its own there for each context that is made. So contexts do not meet, be they cached, paused, made anew after a {@code
 * @DirtiesContext}, or those of tests that run at the same time; and which contexts are shared does not change. The contexts of a {@code
 * @ContextHierarchy} have one prefix together. A bean of type {@link TestEtcd} says where it is.
 *
 * <pre>{@code
 * @SpringBootTest
 * @AutoConfigureEmbeddedEtcd
 * class GreeterApplicationTest {
 *
 *     @GrpcClient("greeter")
 *     private GreeterBlockingStub greeter;
 * }
 * }</pre>
 *
 * <p>It sets what follows. It goes before the application's own files, variables and system properties, and after what the test itself
 * says ({@code @SpringBootTest(properties = …)}, {@code @TestPropertySource}, {@code @DynamicPropertySource}):
 *
 * <ul>
 *   <li>all of {@code grpc.lb.etcd.*} that says where etcd is and what is believed of it, and that no lists are kept on disk;
 *   <li>a free port for the gRPC server ({@code grpc.server.port}, {@code spring.grpc.server.port}), unless the application has switched
 *       its port off with {@code -1};
 *   <li>that servers are announced under that port, and at 127.0.0.1 unless they are bound to one address.
 * </ul>
 *
 * <p>Where neither test nor application says otherwise, a server stops at once: {@code grpc.lb.registration.drain.quiet-period} and {@code
 * .stream-grace} are 0, and so is {@code grpc.client.GLOBAL.shutdown-grace-period}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
public @interface AutoConfigureEmbeddedEtcd {}
