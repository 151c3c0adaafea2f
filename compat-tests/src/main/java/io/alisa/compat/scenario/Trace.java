package io.alisa.compat.scenario;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What one session said, step by step: the chosen token and the raw logits it was chosen from. */
public final class Trace {
    private final List<Integer> tokens = new ArrayList<>();
    private final List<float[]> logits = new ArrayList<>();

    /** Adds a step; the logits are not copied. */
    public Trace add(int token, float[] stepLogits) {
        tokens.add(token);
        logits.add(stepLogits);
        return this;
    }

    public int steps() {
        return tokens.size();
    }

    public int token(int step) {
        return tokens.get(step);
    }

    public List<Integer> tokens() {
        return List.copyOf(tokens);
    }

    /** The logits of a step; not a copy. */
    public float[] logits(int step) {
        return logits.get(step);
    }

    void write(DataOutputStream out) throws IOException {
        out.writeInt(steps());
        for (int step = 0; step < steps(); step++) {
            out.writeInt(token(step));
            out.writeInt(logits(step).length);
            for (float logit : logits(step)) {
                out.writeFloat(logit);
            }
        }
    }

    static Trace read(DataInputStream in) throws IOException {
        Trace trace = new Trace();
        int steps = in.readInt();
        for (int step = 0; step < steps; step++) {
            int token = in.readInt();
            float[] logits = new float[in.readInt()];
            for (int i = 0; i < logits.length; i++) {
                logits[i] = in.readFloat();
            }
            trace.add(token, logits);
        }
        return trace;
    }
}
