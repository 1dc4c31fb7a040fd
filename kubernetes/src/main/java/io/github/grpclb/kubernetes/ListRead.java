package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.follow.Alarm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads all EndpointSlices of a Service, in pages of one version. A page counts when it is complete, and the list when all its pages
 * are. For the loop's thread.
 */
final class ListRead {

    /** Of slices with a hundred endpoints, as Kubernetes writes them, some 4 MB of JSON. */
    private static final int PAGE_SIZE = 100;

    /** Hears of the end, once, unless the read is closed before. */
    interface Receiver {

        /**
         * The whole list.
         *
         * @param unreadable why some slices could not be read
         */
        void listed(String version, List<EndpointSlice> slices, List<String> unreadable);

        void failed(ApiFailure failure);
    }

    private final Api api;
    private final ServiceTarget target;
    private final Duration patience;
    private final Alarm alarm;
    private final Receiver receiver;
    private final List<EndpointSlice> slices = new ArrayList<>();
    private final List<String> unreadable = new ArrayList<>();
    private Api.@Nullable Exchange exchange;
    private @Nullable String token;

    /**
     * Creates one that has not begun.
     *
     * @param patience how long a page may take
     * @param alarm is set for that, before each page
     */
    ListRead(Api api, ServiceTarget target, Duration patience, Alarm alarm, Receiver receiver) {
        this.api = api;
        this.target = target;
        this.patience = patience;
        this.alarm = alarm;
        this.receiver = receiver;
    }

    /** Asks for the first page. */
    void start() {
        nextPage();
    }

    /** Ends it: nobody is told of anything any more. */
    void close() {
        Api.Exchange last = exchange;
        exchange = null;
        if (last != null) {
            last.close();
        }
    }

    private void nextPage() {
        alarm.set(patience, () -> receiver.failed(ApiFailure.timeout("page of a list", patience)));
        exchange = api.get(target.listPath(PAGE_SIZE, token), new PageListener());
    }

    private void take(String text) {
        SliceJson.Page page;
        try {
            page = SliceJson.page(text);
        } catch (MalformedAnswerException e) {
            receiver.failed(ApiFailure.malformed(String.valueOf(e.getMessage())));
            return;
        }
        slices.addAll(page.slices());
        unreadable.addAll(page.unreadable());
        String next = page.next();
        if (next == null) {
            receiver.listed(page.version(), slices, unreadable);
        } else if (next.equals(token)) {
            receiver.failed(ApiFailure.malformed("its list does not come to an end"));
        } else {
            token = next;
            nextPage();
        }
    }

    /** Gathers one page. */
    private final class PageListener implements Api.Listener {

        private final StringBuilder text = new StringBuilder();

        @Override
        public void onAccepted() {}

        @Override
        public void onLine(String line) {
            text.append(line).append('\n');
        }

        @Override
        public void onEnd() {
            take(text.toString());
        }

        @Override
        public void onFailure(ApiFailure failure) {
            receiver.failed(failure);
        }
    }
}
