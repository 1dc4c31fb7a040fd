package io.github.grpclb.kubernetes;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The way to the API server, by the JDK's HTTP client. No thread waits for an answer: its bytes are asked for bit by bit and taken to
 * the loop. Token and CA are read for each request, as the kubelet exchanges both. For the loop's thread.
 *
 * <p>HTTP/1.1, so that a request that is given up gives up its connection, too: over HTTP/2 all share one, and one that leads nowhere
 * any more would be used on for as long as TCP hopes.
 */
final class HttpApi implements Api {

    private static final int OK = 200;
    private static final int WORKERS = 2;
    private static final Duration IDLE = Duration.ofSeconds(10);
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,6}");

    private final KubernetesLoop loop;
    private final KubernetesOptions options;
    private final ServiceAccountFiles files;
    private final Executor workers = workers();
    private @Nullable HttpClient client;
    private byte[] trusted = {};

    HttpApi(KubernetesLoop loop, KubernetesOptions options) {
        this.loop = loop;
        this.options = options;
        this.files = new ServiceAccountFiles(options.token(), options.ca());
    }

    @Override
    public Exchange get(String path, Listener listener) {
        Call call = new Call(listener);
        try {
            String token = files.token();
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(options.apiServer() + path))
                    .header("Accept", "application/json")
                    .header("User-Agent", "grpc-lb");
            if (token != null) {
                request.header("Authorization", "Bearer " + token);
            }
            call.send(client(), request.build(), token);
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            ApiFailure failure = ApiFailure.unsendable(e);
            loop.execute(() -> call.fail(failure));
        }
        return call;
    }

    /** Threads that end when they have had nothing to do for a while. None waits for an answer; a host's name is looked up on one. */
    private static Executor workers() {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                WORKERS, WORKERS, IDLE.toSeconds(), TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "grpc-lb-kubernetes-http");
                    thread.setDaemon(true);
                    return thread;
                });
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /** Has the next request trust whom the CA's file names now. Requests under way go on. */
    private HttpClient client() throws IOException, GeneralSecurityException {
        byte[] ca = files.ca();
        HttpClient known = client;
        if (known == null || !Arrays.equals(ca, trusted)) {
            HttpClient.Builder builder = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .proxy(HttpClient.Builder.NO_PROXY)
                    .executor(workers)
                    .connectTimeout(options.requestTimeout());
            if (options.ca() != null) {
                builder.sslContext(ServiceAccountFiles.trusting(ca));
            }
            known = builder.build();
            client = known;
            trusted = ca;
        }
        return known;
    }

    private boolean isExchanged(@Nullable String token) {
        try {
            String now = files.token();
            return now != null && !now.equals(token);
        } catch (IOException e) {
            return false;
        }
    }

    /** One request and its answer. Fields belong to the loop's thread; what the HTTP client calls only takes it there. */
    private final class Call implements Exchange, Flow.Subscriber<List<ByteBuffer>> {

        private final Listener listener;
        private final LineSplitter splitter = new LineSplitter();
        private @Nullable String token;
        private @Nullable CompletableFuture<?> answer;
        private Flow.@Nullable Subscription body;
        private boolean ended;

        Call(Listener listener) {
            this.listener = listener;
        }

        void send(HttpClient to, HttpRequest request, @Nullable String withToken) {
            token = withToken;
            CompletableFuture<HttpResponse<String>> sent = to.sendAsync(request, this::subscriber);
            answer = sent;
            var unused = sent.whenComplete((response, thrown) -> loop.execute(() -> completed(response, thrown)));
        }

        private HttpResponse.BodySubscriber<String> subscriber(HttpResponse.ResponseInfo info) {
            if (info.statusCode() != OK) {
                return BodySubscribers.ofString(StandardCharsets.UTF_8);
            }
            loop.execute(this::accepted);
            return BodySubscribers.fromSubscriber(this, end -> "");
        }

        private void accepted() {
            if (!ended) {
                listener.onAccepted();
            }
        }

        /** Of an answer that was accepted the end is where its last line has been taken. */
        private void completed(@Nullable HttpResponse<String> response, @Nullable Throwable thrown) {
            if (thrown != null) {
                fail(ApiFailure.of(thrown));
            } else if (response != null && response.statusCode() != OK) {
                ApiFailure failure =
                        ApiFailure.of(SliceJson.error(response.statusCode(), response.body(), retryAfter(response)));
                boolean another = failure.kind() == ApiFailure.Kind.UNAUTHORIZED && isExchanged(token);
                fail(another ? failure.atOnce() : failure);
            }
        }

        private void fail(ApiFailure failure) {
            if (!ended) {
                ended = true;
                listener.onFailure(failure);
            }
        }

        @Override
        public void close() {
            ended = true;
            if (answer != null) {
                answer.cancel(true);
            }
            if (body != null) {
                body.cancel();
            }
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            boolean taken = loop.execute(() -> {
                body = subscription;
                if (ended) {
                    subscription.cancel();
                } else {
                    subscription.request(1);
                }
            });
            if (!taken) {
                subscription.cancel();
            }
        }

        @Override
        public void onNext(List<ByteBuffer> bytes) {
            loop.execute(() -> take(bytes));
        }

        private void take(List<ByteBuffer> bytes) {
            if (ended) {
                return;
            }
            try {
                splitter.add(bytes).forEach(this::take);
            } catch (MalformedAnswerException e) {
                fail(ApiFailure.malformed(String.valueOf(e.getMessage())));
                close();
            }
            if (!ended && body != null) {
                body.request(1);
            }
        }

        private void take(String line) {
            if (!ended) {
                listener.onLine(line);
            }
        }

        @Override
        public void onError(Throwable thrown) {
            loop.execute(() -> fail(ApiFailure.of(thrown)));
        }

        @Override
        public void onComplete() {
            loop.execute(() -> {
                String last = splitter.rest();
                if (!last.isEmpty()) {
                    take(last);
                }
                if (!ended) {
                    ended = true;
                    listener.onEnd();
                }
            });
        }

        /** A date, which HTTP allows, too, is none that API servers give. */
        private static @Nullable Duration retryAfter(HttpResponse<?> response) {
            return response.headers()
                    .firstValue("Retry-After")
                    .filter(seconds -> SECONDS.matcher(seconds).matches())
                    .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)))
                    .orElse(null);
        }
    }
}
