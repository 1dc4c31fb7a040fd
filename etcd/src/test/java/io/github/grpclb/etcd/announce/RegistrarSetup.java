package io.github.grpclb.etcd.announce;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.RegistryObserver.Loss;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A registrar over a {@link FakeEtcd}, and further ones over the same. */
final class RegistrarSetup {

    static final Duration TTL = Duration.ofSeconds(10);
    static final Duration WITHDRAW = Duration.ofSeconds(3);

    /** The longest back-off and what the calls after it take. */
    static final Duration RECOVERY = Duration.ofMillis(2100);

    static final String KEY = "/grpclb/greeter/10.0.0.1:8080";
    static final Endpoint ENDPOINT = Endpoint.builder("greeter", "10.0.0.1", 8080)
            .id("a")
            .startedAt(1000)
            .weight(5)
            .build();

    final FakeClock scheduler = new FakeClock();
    final FakeEtcd etcd = new FakeEtcd(scheduler);
    final FakeEtcd.FakeClient client = etcd.client();

    /** What the registrars' observer heard of, in its order. */
    final List<Loss> losses = new ArrayList<>();

    /** What else it heard of: who held the place. */
    final List<String> conflicts = new ArrayList<>();

    final EtcdRegistrar registrar = registrar(client);

    EtcdRegistrar registrar(EtcdApi api) {
        return registrar(api, scheduler);
    }

    EtcdRegistrar registrar(EtcdApi api, FakeClock process) {
        EtcdLoop loop = new EtcdLoop(process, process::nanoTime, new Random(7));
        RegistryObserver observer = new RegistryObserver() {
            @Override
            public void conflict(Endpoint endpoint, String why) {
                conflicts.add(why);
            }

            @Override
            public void lost(Endpoint lost, Loss reason) {
                losses.add(reason);
            }
        };
        return new EtcdRegistrar(
                loop, api, new KeySpace("/grpclb/"), List.of(), FakeEtcd.CALL_TIMEOUT, TTL, WITHDRAW, observer);
    }

    /** Registers the endpoint, and lets the calls for it pass. */
    Registration register() {
        Registration registration = registrar.register(ENDPOINT);
        after(Duration.ofMillis(10));
        return registration;
    }

    void after(Duration time) {
        scheduler.forward(time);
    }
}
