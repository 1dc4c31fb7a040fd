package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeyValue;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Loops that are broken on purpose, to see that the schedules catch them: something between a loop and etcd keeps from the loop
 * what it would have acted on, so that it does what a loop without that action does.
 */
enum Sabotage {
    /** Nothing is broken. */
    NONE,

    /** A lost lease is not replaced, as with jetcd's own keep-alive: that etcd has no such lease looks like any failure. */
    LEASE_NEVER_REPLACED {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return new ForwardingApi(api) {
                @Override
                public CompletableFuture<Lease> renew(long lease, Duration timeout) {
                    return hide(to.renew(lease, timeout));
                }

                @Override
                public CompletableFuture<Boolean> putIfUnchanged(
                        String key, long modRevision, ByteString value, long lease) {
                    return hide(to.putIfUnchanged(key, modRevision, value, lease));
                }

                private <T> CompletableFuture<T> hide(CompletableFuture<T> call) {
                    return call.exceptionallyCompose(failure -> CompletableFuture.failedFuture(
                            EtcdException.of(failure).kind() == EtcdException.Kind.LEASE_GONE
                                    ? new EtcdException(EtcdException.Kind.REFUSED, "failed")
                                    : failure));
                }
            };
        }
    },

    /** A lease that is lost is replaced, but the lease is renewed too seldom. */
    LEASE_RENEWED_TOO_LATE {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return new ForwardingApi(api) {
                private int renewals;

                @Override
                public CompletableFuture<Lease> renew(long lease, Duration timeout) {
                    return renewals++ % 4 == 0
                            ? to.renew(lease, timeout)
                            : CompletableFuture.completedFuture(new Lease(lease, ScheduledServer.TTL));
                }
            };
        }
    },

    /** The registrar believes that its key is as it put it. */
    KEY_NOT_LOOKED_AT {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return new ForwardingApi(api) {
                private final Map<String, KeyValue> put = new HashMap<>();

                @Override
                public CompletableFuture<KeyValue> get(String key) {
                    KeyValue known = put.get(key);
                    return known == null ? to.get(key) : CompletableFuture.completedFuture(known);
                }

                @Override
                public CompletableFuture<Boolean> putIfUnchanged(
                        String key, long modRevision, ByteString value, long lease) {
                    return to.putIfUnchanged(key, modRevision, value, lease).thenApply(done -> {
                        put.put(key, new KeyValue(key, value, 0, 0, lease));
                        return done;
                    });
                }
            };
        }
    },

    /** A withdrawal ends the lease, and forgets what stands under none or an earlier one. */
    KEY_LEFT_BEHIND {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return new ForwardingApi(api) {
                @Override
                public CompletableFuture<Boolean> deleteIfUnchanged(String key, long modRevision) {
                    return CompletableFuture.completedFuture(true);
                }

                @Override
                public CompletableFuture<Void> revoke(long lease) {
                    return CompletableFuture.completedFuture(null);
                }
            };
        }
    },

    /** Leases are asked for twice. */
    LEASES_LEAKED {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return new ForwardingApi(api) {
                @Override
                public CompletableFuture<Lease> grant(Duration ttl) {
                    to.grant(ttl).thenAccept(second -> renewForEver(second.id()));
                    return to.grant(ttl);
                }

                private void renewForEver(long lease) {
                    loop.after(Duration.ofSeconds(3), () -> to.renew(lease, Duration.ofSeconds(3))
                            .thenAccept(renewed -> renewForEver(lease)));
                }
            };
        }
    },

    /** After a compaction the watch goes on from now, and what was compacted away is never read. */
    NO_LIST_AFTER_COMPACTION {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return new Resuming(api, false, true);
        }
    },

    /** The watch resumes where it was, as jetcd's does, and does not see that etcd's revision went back. */
    REVISION_WENT_BACK_UNSEEN {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return new Resuming(api, true, false);
        }
    },

    /** A watch that says nothing is trusted for ever. */
    SILENCE_TRUSTED {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return new ForwardingApi(api) {
                @Override
                public Watch watch(String prefix, long from, WatchListener listener) {
                    Watch watch = to.watch(prefix, from, listener);
                    loop.after(Duration.ofMillis(10), () -> listener.onProgress(from - 1));
                    return new Watch() {
                        @Override
                        public void requestProgress() {
                            loop.execute(() -> listener.onProgress(from - 1));
                        }

                        @Override
                        public void close() {
                            watch.close();
                        }
                    };
                }
            };
        }
    },

    /** Watches that are replaced are not ended. */
    WATCHES_LEAKED {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return new ForwardingApi(api) {
                @Override
                public Watch watch(String prefix, long from, WatchListener listener) {
                    Watch watch = to.watch(prefix, from, listener);
                    return new Watch() {
                        @Override
                        public void requestProgress() {
                            watch.requestProgress();
                        }

                        @Override
                        public void close() {}
                    };
                }
            };
        }
    },

    /** Deletions are not heard. */
    DELETIONS_IGNORED {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return hearing(api, event -> !event.deleted());
        }
    },

    /** A list that cannot be read is taken for one without records. */
    FAILURE_TAKEN_FOR_EMPTY {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return new ForwardingApi(api) {
                private long last;

                @Override
                public CompletableFuture<Page> list(String prefix, ByteString from, int limit, long revision) {
                    return to.list(prefix, from, limit, revision)
                            .thenApply(page -> {
                                last = page.revision();
                                return page;
                            })
                            .exceptionally(failure -> new Page(last, List.of(), null));
                }
            };
        }
    },

    /** Lists are read from a member of the cluster that is behind. */
    OLD_LIST_TAKEN {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return new ForwardingApi(api) {
                private Page before;

                @Override
                public CompletableFuture<Page> list(String prefix, ByteString from, int limit, long revision) {
                    return to.list(prefix, from, limit, revision).thenApply(page -> {
                        Page old = before;
                        before = page;
                        return old == null ? page : old;
                    });
                }
            };
        }
    },

    /** What is thrown on the way of an answer is logged, and nothing follows. */
    THROWN_BY_AN_ANSWER_FORGOTTEN {
        @Override
        EtcdLoop loop(ScheduledExecutorService executor, LongSupplier ticker, RandomGenerator random) {
            return new EtcdLoop(executor, ticker, random) {
                @Override
                public <T> void when(
                        Supplier<CompletableFuture<T>> call,
                        Consumer<? super T> succeeded,
                        Consumer<EtcdException> failed) {
                    super.when(call, result -> guard(() -> succeeded.accept(result)), failed);
                }
            };
        }
    },

    /** A call that throws is logged, and its end is waited for. */
    THROWN_BY_A_CALL_FORGOTTEN {
        @Override
        EtcdLoop loop(ScheduledExecutorService executor, LongSupplier ticker, RandomGenerator random) {
            return new EtcdLoop(executor, ticker, random) {
                @Override
                public <T> void when(
                        Supplier<CompletableFuture<T>> call,
                        Consumer<? super T> succeeded,
                        Consumer<EtcdException> failed) {
                    super.when(
                            () -> {
                                try {
                                    return call.get();
                                } catch (IllegalStateException | OutOfMemoryError e) {
                                    return new CompletableFuture<>();
                                }
                            },
                            succeeded,
                            failed);
                }
            };
        }
    },

    /** An event that throws is passed over. */
    THROWING_EVENT_SKIPPED {
        @Override
        EtcdApi of(EtcdApi api, EtcdLoop loop) {
            return hearing(api, event -> event.record().value() != null);
        }
    },

    /** A list that a listener threw at is taken for one that it has. */
    THROWING_LISTENER_NOT_TOLD_AGAIN {
        @Override
        EndpointListener of(EndpointListener listener) {
            return new EndpointListener() {
                @Override
                public void onEndpoints(EndpointSnapshot snapshot) {
                    try {
                        listener.onEndpoints(snapshot);
                    } catch (IllegalStateException | OutOfMemoryError e) {
                        // as if it had heard
                    }
                }

                @Override
                public void onUnavailable(String reason) {
                    listener.onUnavailable(reason);
                }
            };
        }
    },

    /** Each list is made of new objects. */
    OBJECTS_NOT_KEPT {
        @Override
        EndpointListener of(EndpointListener listener) {
            return new EndpointListener() {
                @Override
                public void onEndpoints(EndpointSnapshot snapshot) {
                    List<Endpoint> copies = snapshot.endpoints().stream()
                            .map(endpoint -> endpoint.toBuilder().build())
                            .toList();
                    listener.onEndpoints(new EndpointSnapshot(snapshot.service(), snapshot.revision(), copies));
                }

                @Override
                public void onUnavailable(String reason) {
                    listener.onUnavailable(reason);
                }
            };
        }
    };

    /** Returns what the loops of a process are given for etcd. */
    EtcdApi of(EtcdApi api, EtcdLoop loop) {
        return api;
    }

    /** Returns the loop of a process. */
    EtcdLoop loop(ScheduledExecutorService executor, LongSupplier ticker, RandomGenerator random) {
        return new EtcdLoop(executor, ticker, random);
    }

    /** Returns what the source is given for its subscriber. */
    EndpointListener of(EndpointListener listener) {
        return listener;
    }

    /** Returns an api whose watches hear some events only. */
    private static EtcdApi hearing(EtcdApi api, Predicate<EtcdApi.Event> heard) {
        return new ForwardingApi(api) {
            @Override
            public Watch watch(String prefix, long from, WatchListener listener) {
                return to.watch(prefix, from, new ForwardingListener(listener) {
                    @Override
                    public void onEvents(long revision, List<Event> events) {
                        to.onEvents(revision, events.stream().filter(heard).toList());
                    }
                });
            }
        };
    }

    /** Watches that are opened again where they were when they end, and tell nobody. */
    private static final class Resuming extends ForwardingApi {

        private final boolean hidesTheRevision;
        private final boolean hidesCompaction;

        Resuming(EtcdApi to, boolean hidesTheRevision, boolean hidesCompaction) {
            super(to);
            this.hidesTheRevision = hidesTheRevision;
            this.hidesCompaction = hidesCompaction;
        }

        @Override
        public Watch watch(String prefix, long from, WatchListener listener) {
            ResumingWatch watch = new ResumingWatch(prefix, from, listener);
            watch.open(from);
            return watch;
        }

        private final class ResumingWatch extends ForwardingListener implements Watch {

            private final String prefix;
            private Watch current;
            private long revision;
            private boolean closed;

            ResumingWatch(String prefix, long from, WatchListener listener) {
                super(listener);
                this.prefix = prefix;
                this.revision = from - 1;
            }

            void open(long from) {
                current = Resuming.this.to.watch(prefix, from, this);
            }

            @Override
            public void onCreated(long now) {
                to.onCreated(hidesTheRevision ? Math.max(now, revision) : now);
            }

            @Override
            public void onEvents(long now, List<Event> events) {
                revision = now;
                to.onEvents(now, events);
            }

            @Override
            public void onEnd(EtcdException cause) {
                boolean compacted = cause.kind() == EtcdException.Kind.COMPACTED;
                if (compacted && !hidesCompaction) {
                    to.onEnd(cause);
                } else if (!closed) {
                    open(compacted ? 0 : revision + 1);
                }
            }

            @Override
            public void requestProgress() {
                current.requestProgress();
            }

            @Override
            public void close() {
                closed = true;
                current.close();
            }
        }
    }
}
