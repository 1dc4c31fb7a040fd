package io.github.grpclb.kubernetes;

/** Requests to the API server. For the loop's thread, on which all that comes of a request arrives, too, later and in order. */
interface Api {

    /**
     * Sends a GET and tells what comes of it. How long to wait is the caller's business.
     *
     * @param path with its query, below the API server's address
     */
    Exchange get(String path, Listener listener);

    /** One request under way. */
    interface Exchange {

        /** Ends it: nothing more is heard of it, and its connection is given up. Idempotent. */
        void close();
    }

    /** Hears of one request. After {@link #onEnd} or {@link #onFailure} it hears nothing more. */
    interface Listener {

        /** The request was accepted; lines follow as they come. */
        void onAccepted();

        /** A line of the answer, whole and without its end. */
        void onLine(String line);

        /** The answer is complete. */
        void onEnd();

        /** The request was refused, or the answer broke off. */
        void onFailure(ApiFailure failure);
    }
}
