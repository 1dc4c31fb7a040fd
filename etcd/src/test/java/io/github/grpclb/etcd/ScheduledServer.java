package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.announce.FoundRecord;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A server's address under a fault schedule: the process that has it now, and those that had it before. */
final class ScheduledServer {

    static final Duration TTL = Duration.ofSeconds(10);
    static final Duration WITHDRAW = Duration.ofSeconds(3);

    /** What a life or a withdrawal has left in etcd, and when that must be gone. */
    private record Leftover(FakeClock process, boolean alive, long since) {}

    final String address;
    private final FaultSchedule world;
    private final EndpointCodec codec;
    private final int number;
    private final List<Leftover> leftovers = new ArrayList<>();
    private final List<CompletableFuture<Void>> updates = new ArrayList<>();
    private ScheduledProcess process;
    private EtcdRegistrar registrar;
    private Registration registration;
    private Endpoint encodedEndpoint;
    private ByteString encodedValue;
    private boolean withdrawing;
    private int lives;

    ScheduledServer(FaultSchedule world, int number) {
        this.world = world;
        this.number = number;
        this.address = "10.0.0." + (number + 1) + ":1";
        this.codec = new EndpointCodec(FaultSchedule.KEYS);
    }

    String key() {
        return FaultSchedule.KEYS.prefix() + FaultSchedule.SERVICE + "/" + address;
    }

    ScheduledProcess process() {
        return process;
    }

    boolean isAnnounced() {
        return registration != null && !withdrawing;
    }

    /** Starts a process, if there is none, and announces it, if it is not announced. */
    void start() {
        if (process == null) {
            process = world.newProcess();
            registrar = new EtcdRegistrar(
                    process.loop,
                    process.api,
                    FaultSchedule.KEYS,
                    List.of(),
                    FakeEtcd.CALL_TIMEOUT,
                    TTL,
                    WITHDRAW,
                    RegistryObserver.NONE);
        }
        if (registration == null) {
            lives++;
            registration = registrar.register(Endpoint.builder(FaultSchedule.SERVICE, "10.0.0." + (number + 1), 1)
                    .id("s" + number)
                    .startedAt(lives)
                    .build());
            process.calm.shock(FaultSchedule.RECOVERY);
        }
    }

    void kill() {
        leave(process.scheduler, false);
        process.kill();
        process = null;
        registration = null;
        withdrawing = false;
        updates.clear();
    }

    void update(int weight) {
        updates.add(registration.update(
                registration.endpoint().toBuilder().weight(weight).build()));
        process.calm.shock(FaultSchedule.RECOVERY);
    }

    /** Withdraws it; what that promises is checked when it says that it is done. */
    void withdraw() {
        withdrawing = true;
        updates.clear();
        Registration leaving = registration;
        ScheduledProcess of = process;
        leaving.withdraw().whenComplete((done, failure) -> {
            world.log("%s withdrawn: %s", address, failure == null ? "done" : failure.getMessage());
            if (!world.clock().isRunning()) {
                world.violated("I6: a withdrawal ended not on the loop's thread");
            }
            KeyValue record = world.etcd().record(key());
            if (failure == null && record != null && FoundRecord.isOfSameProcess(record, leaving.endpoint(), codec)) {
                world.violated("I4: withdrawn, but there is " + record);
            }
            if (registration == leaving) {
                registration = null;
                withdrawing = false;
                leave(of.scheduler, true);
            }
        });
    }

    /** Checks what must hold at all times, and what must hold once it has been calm. */
    void check(Calm etcdCalm, Consumer<String> violated) {
        if (registration != null && process != null) {
            int leases = leases(process.scheduler);
            if (leases > FaultSchedule.MOST_LEASES) {
                violated.accept("I5: " + address + " has " + leases + " leases");
            }
        }
        // the process before may have left a key whose lease has to end first, also out of a backup
        Duration wait = lives == 1 ? Duration.ZERO : TTL;
        if (isAnnounced() && etcdCalm.isDue(wait) && process.calm.isDue(wait)) {
            mustBeAnnounced(violated);
            if (etcdCalm.isDue(TTL) && process.calm.isDue(TTL) && leases(process.scheduler) != 1) {
                violated.accept("I5: " + address + " has " + leases(process.scheduler) + " leases once it is calm");
            }
        }
        leftovers.forEach(leftover -> mustBeGone(leftover, etcdCalm, violated));
    }

    private void leave(FakeClock left, boolean alive) {
        leftovers.removeIf(earlier -> earlier.process() == left);
        leftovers.add(new Leftover(left, alive, world.clock().nanoTime()));
    }

    private void mustBeAnnounced(Consumer<String> violated) {
        KeyValue record = world.etcd().record(key());
        Object owner = record == null ? null : world.etcd().store().owner(record.lease());
        if (record == null || owner != process.scheduler) {
            violated.accept("I3: " + address + " is not announced under its lease, there is " + record + ", it says "
                    + registration.state());
        } else if (!world.etcd().store().leases().containsKey(record.lease())) {
            violated.accept("I3: " + address + " is announced under a lease that is over");
        } else if (!record.value().equals(encoded(registration.endpoint()))) {
            violated.accept("I3: " + address + " is announced as " + record);
        } else if (registration.state() != Registration.State.REGISTERED) {
            violated.accept("I3: " + address + " is announced, but says " + registration.state());
        } else if (!registration.registered().isDone() || !updates.stream().allMatch(CompletableFuture::isDone)) {
            violated.accept("I3: " + address + " is announced, but nobody was told");
        }
    }

    /** A dead process's leases, and the key of one that withdrew, are gone once their time has passed. */
    private void mustBeGone(Leftover leftover, Calm etcdCalm, Consumer<String> violated) {
        Duration bound = TTL.plusSeconds(1);
        if (!etcdCalm.isDue(bound) || world.clock().nanoTime() < leftover.since() + bound.toNanos()) {
            return;
        }
        KeyValue record = world.etcd().record(key());
        boolean again = process != null && process.scheduler == leftover.process() && registration != null;
        if (record != null && !again && world.etcd().store().owner(record.lease()) == leftover.process()) {
            violated.accept("I4: " + address + " is gone, but there is still " + record);
        }
        if (!leftover.alive() && leases(leftover.process()) > 0) {
            violated.accept("I5: a lease of a dead process of " + address + " lives on");
        }
    }

    private ByteString encoded(Endpoint endpoint) {
        if (endpoint != encodedEndpoint) {
            encodedEndpoint = endpoint;
            encodedValue = codec.encode(endpoint);
        }
        return encodedValue;
    }

    private int leases(FakeClock owner) {
        int count = 0;
        for (FakeStore.Lease lease : world.etcd().store().leases().values()) {
            count += lease.owner == owner ? 1 : 0;
        }
        return count;
    }
}
