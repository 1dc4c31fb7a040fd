package io.github.grpclb.testing;

import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** A real etcd of three members, each a process that can be killed, paused and started by itself. For one thread. */
public final class EtcdCluster implements AutoCloseable {

    private static final List<String> NAMES = List.of("one", "two", "three");
    private static final Duration ELECTION_LIMIT = Duration.ofSeconds(20);

    private final List<EtcdProcess> members;
    private final Map<String, URI> peers;

    private EtcdCluster(List<EtcdProcess> members, Map<String, URI> peers) {
        this.members = members;
        this.peers = peers;
    }

    /**
     * Starts an empty cluster and waits until all its members serve.
     *
     * @param placed says where each member runs
     * @param arguments further flags of every member
     */
    static EtcdCluster launch(UnaryOperator<EtcdProcess.Member> placed, String... arguments) {
        List<EtcdProcess> members = new ArrayList<>();
        Map<String, URI> peers = new LinkedHashMap<>();
        try {
            List<EtcdProcess.Member> named =
                    EtcdProcess.Member.named(NAMES).stream().map(placed).toList();
            named.forEach(member -> peers.put(member.name(), member.peer()));
            for (EtcdProcess.Member member : named) {
                members.add(new EtcdProcess(member, peers, List.of(arguments)));
            }
            // a member serves when it has a leader, which takes two of them
            CompletableFuture.allOf(members.stream()
                            .map(member -> CompletableFuture.runAsync(member::start))
                            .toArray(CompletableFuture[]::new))
                    .join();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (RuntimeException | Error e) {
            members.forEach(EtcdProcess::close);
            throw e;
        }
        return new EtcdCluster(members, peers);
    }

    /** Places the last member on another host, whose link to the others can be cut. */
    static UnaryOperator<EtcdProcess.Member> lastOn(OtherHost other) {
        String last = NAMES.get(NAMES.size() - 1);
        return member -> member.name().equals(last) ? member.on(other) : member.withPeerHost(other.localPeerAddress());
    }

    public List<EtcdProcess> members() {
        return members;
    }

    /** Returns the client addresses of all members, as {@code grpc.lb.etcd.endpoints} takes them. */
    public String endpoints() {
        return members.stream().map(member -> member.endpoint().toString()).collect(Collectors.joining(","));
    }

    /** Adds a member that learns and has no vote: it serves no client yet. Its address is one of {@link #endpoints}. */
    public EtcdProcess addLearner() {
        try (RawEtcd operator = new RawEtcd(members.get(0).endpoint())) {
            EtcdProcess.Member added =
                    EtcdProcess.Member.named(List.of("learner")).get(0);
            // "unhealthy cluster" until the members have been connected for some seconds
            await("the cluster takes a member")
                    .atMost(ELECTION_LIMIT)
                    .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
                    .untilAsserted(() -> operator.addLearner(added.peer()));
            peers.put(added.name(), added.peer());
            EtcdProcess learner = new EtcdProcess(added, peers, List.of("--initial-cluster-state=existing"));
            members.add(learner);
            learner.start();
            return learner;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until one of the members that are not in a list leads, and returns it. */
    public EtcdProcess leader(Collection<EtcdProcess> except) {
        return await("a leader")
                .atMost(ELECTION_LIMIT)
                .until(() -> findLeader(except), Optional::isPresent)
                .get();
    }

    /** Returns the members that do not lead. */
    public List<EtcdProcess> followers() {
        EtcdProcess leader = leader(List.of());
        return members.stream().filter(member -> member != leader).toList();
    }

    @Override
    public void close() {
        members.forEach(EtcdProcess::close);
    }

    private Optional<EtcdProcess> findLeader(Collection<EtcdProcess> except) {
        return members.stream()
                .filter(member -> !except.contains(member) && member.isRunning() && member.isLeader())
                .findFirst();
    }
}
