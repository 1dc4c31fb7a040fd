package io.github.grpclb.etcd.override;

import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.github.grpclb.discovery.follow.Feed;
import io.github.grpclb.discovery.follow.FollowedServices;
import io.github.grpclb.discovery.follow.Listeners;
import io.github.grpclb.discovery.follow.Pace;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdKeys;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.follow.PrefixWatch;
import io.github.grpclb.etcd.follow.RecordTable;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import io.github.grpclb.override.Override;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the overrides of one service, and tells those who want to know. Where they cannot be read at first there are none until they
 * can; afterwards the last list stands. For the loop's thread.
 */
final class OverrideFeed implements Feed, FollowedServices.Publisher<OverrideFeed.Hearer>, PrefixWatch.Records {

    /** Who hears of the overrides of a service. */
    interface Hearer extends FollowedServices.Listener, Consumer<List<Override>> {}

    /** Of a service: nobody has more by intent, and each is held against each server. */
    static final int MOST = 1000;

    private static final Logger log = LoggerFactory.getLogger(OverrideFeed.class);

    private final String service;
    private final String prefix;
    private final EtcdLoop loop;
    private final RecordTable<Override> table;
    private final Listeners<Hearer> listeners;
    private final Pace pace;
    private final PrefixWatch watch;

    private @Nullable List<Override> known;
    private boolean refused;
    private boolean overflows;

    OverrideFeed(String service, KeySpace keys, EtcdLoop loop, EtcdKeys etcd, RegistryObserver observer) {
        this.service = service;
        this.prefix = keys.servicePrefix(service);
        this.loop = loop;
        this.table = new RecordTable<>(service, loop, new Kind(service, new OverrideCodec(keys)), observer);
        this.listeners = new Listeners<>(loop, this::tellKnown);
        this.pace = new Pace(loop, this::publish);
        this.watch = new PrefixWatch(service, prefix, loop, etcd, this);
    }

    @java.lang.Override
    public void start() {
        watch.start();
    }

    @java.lang.Override
    public void refresh() {
        watch.refresh();
    }

    @java.lang.Override
    public void add(Hearer listener) {
        listeners.add(listener);
    }

    @java.lang.Override
    public boolean remove(Hearer listener) {
        return listeners.remove(listener);
    }

    @java.lang.Override
    public void close() {
        watch.close();
        pace.cancel();
        listeners.close();
    }

    @java.lang.Override
    public void listed(long revision, List<KeyValue> records) {
        table.replace(records);
        loop.logLimit().over(prefix);
        if (refused) {
            refused = false;
            log.info("{}: the overrides below {} are followed now", LogText.of(service), LogText.of(prefix));
        }
        pace.soon();
    }

    @java.lang.Override
    public void changed(long revision, List<EtcdApi.Event> changes) {
        changes.forEach(table::apply);
        pace.soon();
    }

    @java.lang.Override
    public void failed(EtcdException failure, Restart reason) {
        if (known == null) {
            known = List.of(); // who waits for them before it calls anybody waits no longer
            listeners.tellKnown();
        }
        if (failure.kind() == EtcdException.Kind.PERMISSION) {
            refused = true;
        }
        boolean matters = reason == Restart.LIST_FAILED || failure.needsAPerson();
        if (matters
                && failure.kind() != EtcdException.Kind.UNREACHABLE
                && loop.logLimit().isNew(prefix, failure.kind())) {
            log.warn(
                    "{}: the overrides below {} cannot be followed, calls go on without: {}; retrying{}",
                    LogText.of(service),
                    LogText.of(prefix),
                    failure.getMessage(),
                    refused
                            ? "; let this user's role read that prefix, or set grpc.lb.etcd.overrides-enabled=false"
                            : "");
        }
    }

    private void publish() {
        table.changes(); // whoever heeds an override logs it
        List<Override> list = atMost(table.values().toList());
        if (!list.equals(known)) {
            known = list;
            pace.published();
            listeners.tellKnown();
        }
    }

    /** Of too many the oldest stay: whoever floods the registry does not push out what was there. */
    private List<Override> atMost(List<Override> all) {
        boolean before = overflows;
        overflows = all.size() > MOST;
        if (!overflows) {
            return all;
        }
        if (!before) {
            log.warn("{}: {} overrides, of which the oldest {} are used", LogText.of(service), all.size(), MOST);
        }
        Set<String> oldest = all.stream()
                .sorted(Comparator.comparingLong(Override::createRevision))
                .limit(MOST)
                .map(Override::name)
                .collect(Collectors.toSet());
        return all.stream().filter(each -> oldest.contains(each.name())).toList();
    }

    private void tellKnown(Hearer listener) {
        List<Override> list = known;
        if (list != null && !listener.isEnded()) {
            listener.accept(list);
        }
    }

    private record Kind(String service, OverrideCodec codec) implements RecordTable.Kind<Override> {

        @java.lang.Override
        public String noun() {
            return "override";
        }

        @java.lang.Override
        public Override decode(KeyValue record) throws MalformedRecordException {
            return codec.decode(service, record);
        }
    }
}
