package io.alisa.chat;

/** Writes one reply, token by token. */
final class ReplyWriter {
    private final LoadedModel model;
    private final Sampling sampling;
    private final ReplyListener listener;
    private final Detokenizer detokenizer;
    private final TokenList chosen = new TokenList();
    private final StringBuilder text = new StringBuilder();
    private long firstToken;
    private long lastToken;

    ReplyWriter(LoadedModel model, Sampling sampling, ReplyListener listener) {
        this.model = model;
        this.sampling = sampling;
        this.listener = listener;
        this.detokenizer = new Detokenizer(model.model().getTokenizer());
    }

    /**
     * Writes until the model ends its reply or something else ends it. Tokens of the reply are added to the context;
     * the end token is not, since the next message begins with it.
     */
    Turn.Finish write(Decoder decoder, TokenList context) {
        while (true) {
            int id = decoder.sample(sampling.temperature(), sampling.random().nextFloat());
            chosen.add(id);
            lastToken = System.nanoTime();
            if (firstToken == 0) {
                firstToken = lastToken;
            }
            if (model.isEnd(id)) {
                return finish(Turn.Finish.END_TOKEN);
            }
            context.add(id);
            emit(detokenizer.accept(id));
            if (context.size() >= model.contextLimit()) {
                return finish(Turn.Finish.CONTEXT_FULL);
            }
            if (chosen.size() >= sampling.maxTokens()) {
                return finish(Turn.Finish.MAX_TOKENS);
            }
            if (listener.stop()) {
                return finish(Turn.Finish.STOPPED);
            }
            decoder.step(id);
        }
    }

    String text() {
        return text.toString();
    }

    TokenList chosen() {
        return chosen;
    }

    /** When the first token was there, which is when reading ended; 0 if there was none. */
    long firstTokenNanos() {
        return firstToken;
    }

    /** The first token belongs to reading: it cost no forward pass of its own. */
    Turn.Speed speed() {
        return new Turn.Speed(Math.max(0, chosen.size() - 1), lastToken - firstToken);
    }

    private Turn.Finish finish(Turn.Finish finish) {
        emit(detokenizer.finish());
        return finish;
    }

    private void emit(String piece) {
        String shown = model.format().trimsReplies() && text.isEmpty() ? piece.stripLeading() : piece;
        if (!shown.isEmpty()) {
            text.append(shown);
            listener.onText(shown);
        }
    }
}
