package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.github.grpclb.discovery.follow.ColdStart;
import io.github.grpclb.discovery.follow.EndpointPublisher;
import io.github.grpclb.discovery.follow.Feed;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.RecordRules;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Follows the endpoints of one service, and tells a publisher. For the loop's thread. */
final class ServiceWatch implements Feed, PrefixWatch.Records {

    private static final Logger log = LoggerFactory.getLogger(ServiceWatch.class);

    private final String service;
    private final String prefix;
    private final EtcdLoop loop;
    private final RegistryObserver observer;
    private final EndpointTable table;
    private final EndpointPublisher publisher;
    private final Departures departures;
    private final ColdStart<List<KeyValue>> coldStart;
    private final PrefixWatch watch;

    ServiceWatch(String service, EtcdLoop loop, EtcdApi api, Following following, EndpointPublisher publisher) {
        this.service = service;
        this.prefix = following.keys().servicePrefix(service);
        this.loop = loop;
        this.observer = following.observer();
        RecordRules rules = following.rules();
        this.table = new EndpointTable(
                service, loop, new EndpointCodec(following.keys(), rules.addresses()), observer, rules.maxEndpoints());
        this.publisher = publisher;
        this.departures = new Departures(loop, api, table::leases, publisher::deregistered);
        this.coldStart = new ColdStart<>(service, loop, publisher, following.lists(), this::read);
        this.watch = new PrefixWatch(service, prefix, loop, api, this);
    }

    @Override
    public void start() {
        watch.start();
    }

    @Override
    public void refresh() {
        watch.refresh();
    }

    @Override
    public void close() {
        if (watch.close()) {
            log.info("{}: closed", LogText.of(service));
        }
    }

    /** Reads a list of an earlier process. */
    private List<Endpoint> read(List<KeyValue> saved) {
        table.replace(saved);
        return table.listed();
    }

    @Override
    public void listed(long revision, List<KeyValue> records) {
        boolean first = !publisher.isLive();
        table.replace(records);
        loop.logLimit().over(prefix);
        if (first) {
            int size = table.endpoints().size();
            log.info("{}: watching from revision {}, {} endpoints", LogText.of(service), revision, size);
        }
        publisher.publishSoon(revision, table::listed, table::unused);
    }

    @Override
    public void changed(long revision, List<EtcdApi.Event> changes) {
        departures.begin();
        for (EtcdApi.Event change : changes) {
            departures.note(change.record().modRevision(), table.deletedBy(change));
            table.apply(change);
        }
        publisher.publishSoon(revision, table::listed, table::unused);
        departures.judge();
    }

    @Override
    public void restarted(Restart reason) {
        loop.foreign(() -> observer.watchRestarted(service, reason));
    }

    @Override
    public void failed(EtcdException failure, Restart reason) {
        String why = String.valueOf(failure.getMessage());
        if (failure.needsAPerson()) {
            coldStart.refused(why);
        } else {
            coldStart.unreachable(why, failure.isTimeout());
        }
        boolean matters = reason == Restart.LIST_FAILED || failure.needsAPerson();
        if (matters
                && failure.kind() != EtcdException.Kind.UNREACHABLE
                && loop.logLimit().isNew(prefix, failure.kind())) {
            log.warn("{}: cannot be followed: {}; retrying", LogText.of(service), failure.getMessage());
        }
    }
}
