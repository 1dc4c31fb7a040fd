package io.github.grpclb.kubernetes;

import com.google.gson.JsonObject;
import io.github.grpclb.discovery.follow.RegistryLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A {@link FakeCluster} in virtual time, with all that can go wrong on the way to it. Not thread-safe. */
final class FakeApi implements Api {

    private static final Duration LATENCY = Duration.ofMillis(1);

    /** What the way to the API server is like. */
    enum Way {
        OPEN,
        /** Connections are refused. */
        DOWN,
        /** What is sent is lost, and nobody is told. */
        SILENT
    }

    private final RegistryLoop loop;
    private final FakeCluster cluster;
    private final List<String> paths = new ArrayList<>();
    private final List<Call> watches = new ArrayList<>();
    private final Deque<ApiFailure> failures = new ArrayDeque<>();
    private final Deque<String> answers = new ArrayDeque<>();
    private Way way = Way.OPEN;
    private boolean breaksNextList;
    private Runnable onGet = () -> {};

    FakeApi(RegistryLoop loop, FakeCluster cluster) {
        this.loop = loop;
        this.cluster = cluster;
        cluster.onChange(() -> List.copyOf(watches).forEach(Call::tell));
    }

    @Override
    public Exchange get(String path, Listener listener) {
        paths.add(path);
        onGet.run();
        Call call = new Call(FakeCluster.Query.of(path), listener);
        if (way == Way.DOWN) {
            loop.after(
                    LATENCY, () -> call.fail(new ApiFailure(ApiFailure.Kind.UNREACHABLE, "connection refused", null)));
        } else if (way == Way.OPEN) {
            loop.after(LATENCY, call::answer);
        }
        return call;
    }

    /** Opens or cuts the way. Watches that stand are told of nothing while it is silent, and broken where it is down. */
    void way(Way now) {
        way = now;
        if (now == Way.DOWN) {
            breakWatches();
        }
    }

    /** Has the next requests fail, each with one of these. */
    void failNext(ApiFailure... with) {
        failures.addAll(List.of(with));
    }

    /** Has the next list, or page of one, answer a text of the test's own. */
    void answerNextList(String text) {
        answers.add(text);
    }

    /** Has the next list, or page of one, break off in its middle. */
    void breakNextList() {
        breaksNextList = true;
    }

    /** Does something at each request, such as to throw. */
    void onGet(Runnable task) {
        onGet = task;
    }

    void endWatches() {
        List.copyOf(watches).forEach(Call::end);
    }

    void breakWatches() {
        List.copyOf(watches)
                .forEach(watch -> watch.fail(new ApiFailure(ApiFailure.Kind.UNREACHABLE, "connection reset", null)));
    }

    /** Sends a line to all who watch, after what has happened before. */
    void send(String line) {
        List.copyOf(watches).forEach(watch -> watch.sendSoon(List.of(line)));
    }

    /** Sends a bookmark to all who watch. */
    void bookmark() {
        send(cluster.bookmark().toString());
    }

    /** Returns how many watches stand. */
    int watches() {
        return watches.size();
    }

    /** Returns the pages that were asked for. */
    List<String> lists() {
        return paths.stream().filter(path -> !path.contains("watch=true")).toList();
    }

    /** Returns the watches that were asked for. */
    List<String> watched() {
        return paths.stream().filter(path -> path.contains("watch=true")).toList();
    }

    /** Returns how many requests there were. */
    int requests() {
        return paths.size();
    }

    private final class Call implements Exchange {

        private final FakeCluster.Query query;
        private final Listener listener;
        private boolean ended;
        private boolean lost;
        private long told;

        Call(FakeCluster.Query query, Listener listener) {
            this.query = query;
            this.listener = listener;
        }

        void answer() {
            ApiFailure failure = failures.poll();
            if (failure != null) {
                fail(failure);
            } else if (query.isWatch()) {
                answerWatch();
            } else {
                answerList();
            }
        }

        private void answerList() {
            String own = answers.poll();
            JsonObject list = cluster.list(query);
            if (own == null && list.has("code")) {
                fail(ApiFailure.of(SliceJson.error(410, list.toString(), null)));
                return;
            }
            String text = own == null ? list.toString() : own;
            accept();
            if (breaksNextList) {
                breaksNextList = false;
                line(text.substring(0, text.length() / 2));
                fail(new ApiFailure(ApiFailure.Kind.UNREACHABLE, "connection reset", null));
            } else {
                line(text);
                end();
            }
        }

        private void answerWatch() {
            if (!cluster.remembers(query.version())) {
                fail(ApiFailure.of(new ApiError(410, "too old resource version", null)));
                return;
            }
            if (!ended) {
                watches.add(this);
                told = query.version();
                accept();
                tell();
                loop.after(Duration.ofSeconds(query.timeoutSeconds()), () -> {
                    if (way == Way.OPEN && !lost) {
                        end();
                    }
                });
            }
        }

        /** Sends what has happened since it was last told something. */
        void tell() {
            if (way != Way.OPEN) {
                return;
            }
            if (!cluster.remembers(told)) {
                line(FakeCluster.event("ERROR", FakeCluster.status(410, "Expired", "too old resource version"))
                        .toString());
                end();
            } else {
                long now = cluster.version();
                List<JsonObject> events = cluster.events(query, told);
                told = now;
                sendSoon(events.stream().map(JsonObject::toString).toList());
            }
        }

        /** What is lost on the way is not followed by what was sent later. */
        void sendSoon(List<String> lines) {
            loop.after(LATENCY, () -> {
                lost |= way != Way.OPEN;
                if (!lost) {
                    lines.forEach(this::line);
                }
            });
        }

        private void accept() {
            if (!ended) {
                listener.onAccepted();
            }
        }

        void line(String line) {
            if (!ended) {
                listener.onLine(line);
            }
        }

        void end() {
            if (!ended) {
                close();
                listener.onEnd();
            }
        }

        void fail(ApiFailure failure) {
            if (!ended) {
                close();
                listener.onFailure(failure);
            }
        }

        @Override
        public void close() {
            ended = true;
            watches.remove(this);
        }
    }
}
