package io.alisa.chat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * The JVM a turn is run again in: reads a {@link Replay}, warms up, and answers with one line each for {@code prefill}
 * and {@code decode} (tokens, nanoseconds), for {@code ids}, or with {@code error} and a sentence.
 */
public final class ReplayMain {
    private static final int WARM_UP_STEPS = 64;
    private static final long WARM_UP_NANOS = 4_000_000_000L;

    private ReplayMain() {
    }

    /**
     * Runs one turn.
     *
     * @param args the model options of the chat
     */
    public static void main(String[] args) {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err); // whatever else prints must not be taken for an answer
        int exit = 0;
        try {
            ModelOptions options = new ModelOptions();
            Arguments.parse(options, args);
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            Replay replay = Replay.fromLines(in);
            try (LoadedModel model = ModelLoader.load(options)) {
                warmUp(model, replay);
                run(model, replay, answers);
            }
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            answers.println("error " + ModelLoader.rootCause(e));
            exit = 2;
        }
        System.exit(exit);
    }

    /** So that compiled code is measured, on both sides: the same turn, over and over, on buffers of its own. */
    private static void warmUp(LoadedModel model, Replay replay) {
        long end = System.nanoTime() + WARM_UP_NANOS;
        int[] prompt = replay.prompt().toArray();
        while (System.nanoTime() < end) {
            try (Decoder decoder = new Decoder(model.model())) {
                decoder.prefill(prompt, 0, Math.min(Decoder.CHUNK, prompt.length));
                for (int i = 0; i < WARM_UP_STEPS && decoder.position() < model.contextLimit()
                        && System.nanoTime() < end; i++) {
                    decoder.step(decoder.sample(0, 0));
                }
            }
        }
    }

    private static void run(LoadedModel model, Replay replay, PrintStream answers) {
        try (Decoder decoder = new Decoder(model.model())) {
            read(decoder, replay.history().toArray());
            long began = System.nanoTime();
            read(decoder, replay.prompt().toArray());
            TokenList reply = new TokenList();
            long prefilled = began;
            while (reply.size() < replay.replyTokens()) {
                if (reply.size() > 0) {
                    decoder.step(reply.last());
                }
                reply.add(decoder.sample(0, 0));
                prefilled = reply.size() == 1 ? System.nanoTime() : prefilled;
            }
            answers.println("prefill " + replay.prompt().size() + " " + (prefilled - began));
            answers.println(
                    "decode " + Math.max(0, reply.size() - 1) + " " + (System.nanoTime() - prefilled));
            answers.println("ids " + reply);
        }
    }

    private static void read(Decoder decoder, int[] ids) {
        for (int from = 0; from < ids.length; from += Decoder.CHUNK) {
            decoder.prefill(ids, from, Math.min(ids.length, from + Decoder.CHUNK));
        }
    }
}
