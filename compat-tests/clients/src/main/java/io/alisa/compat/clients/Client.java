package io.alisa.compat.clients;

/** One conversation with a model. Greedy, so that the same questions get the same answers. */
interface Client {
    /**
     * What came back.
     *
     * @param firstTokenNanos from the call to the first piece of text; the whole text where the client does not stream
     */
    record Answer(String text, long firstTokenNanos) {
    }

    Answer ask(String question) throws InterruptedException;
}
