package io.alisa.compat.scenario;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * One session that decodes greedily. With a reference it is fed the reference's tokens rather than its own: what it
 * would have said is in the trace all the same.
 */
final class GreedySession implements Callable<Trace>, AutoCloseable {
    private final Scenario scenario;
    private final int[] prompt;
    private final DecoderSession session;
    private final int vocab;
    private final Optional<Trace> reference;
    private final Trace trace = new Trace();
    /** Tokens in the context so far. */
    private int context;

    GreedySession(Scenario scenario, int[] prompt, Decoder decoder, Optional<Trace> reference) {
        this.scenario = scenario;
        this.prompt = prompt;
        this.session = decoder.open();
        this.vocab = decoder.model().getConfig().vocabularySize;
        this.reference = reference;
    }

    @Override
    public Trace call() {
        switch (scenario.kind()) {
            case TOKENWISE -> {
                for (int i = 0; i < prompt.length - 1; i++) {
                    session.decode(prompt[i], i, new float[vocab]);
                }
                context = prompt.length - 1;
                decode(prompt[prompt.length - 1]);
                decodeMore(scenario.decode() - 1);
            }
            case REWIND -> {
                prefillAndDecode(prompt, 0);
                // Into the middle of the prompt, one token behind its start, to the start, then back by a few tokens.
                int half = prompt.length / 2;
                prefillAndDecode(Prompts.random(1, prompt.length, vocab), half);
                prefillAndDecode(Prompts.random(2, 1, vocab), 1);
                prefillAndDecode(Prompts.random(3, half, vocab), 0);
                context -= 5;
                decode(prompt[0]);
                decodeMore(scenario.decode());
            }
            case REOPEN -> {
                prefillAndDecode(prompt, 0);
                closeUnderPlugin();
                decodeMore(scenario.decode());
                closeUnderPlugin();
                prefillAndDecode(Prompts.random(1, 70, vocab), context);
            }
            default -> prefillAndDecode(prompt, 0);
        }
        return trace;
    }

    private void closeUnderPlugin() {
        if (PluginProbe.active()) {
            session.close();
            Retransformation.ofHost();
        }
    }

    private void prefillAndDecode(int[] tokens, int start) {
        float[] logits = new float[vocab];
        int said = session.prefill(tokens, start, logits);
        trace.add(said, logits);
        context = start + tokens.length;
        decodeMore(scenario.decode() - 1);
    }

    private void decodeMore(int tokens) {
        for (int i = 0; i < tokens; i++) {
            int step = trace.steps() - 1;
            decode(reference.map(host -> host.token(step)).orElseGet(() -> trace.token(step)));
        }
    }

    private void decode(int token) {
        float[] logits = new float[vocab];
        int said = session.decode(token, context, logits);
        trace.add(said, logits);
        context++;
    }

    List<Long> contextOfEachBuffer() {
        return Collections.nCopies(session.buffers(), (long) context);
    }

    @Override
    public void close() {
        session.close();
    }
}
