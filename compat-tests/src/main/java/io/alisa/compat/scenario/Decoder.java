package io.alisa.compat.scenario;

import java.nio.file.Path;

import com.github.tjake.jlama.model.AbstractModel;

/** A loaded model: one model object, or several that share its layers or heads. */
interface Decoder extends AutoCloseable {

    /** A new session with empty buffers. */
    DecoderSession open();

    /** The model object that has the tokenizer and the output layer. */
    AbstractModel model();

    @Override
    void close();

    static Decoder load(Scenario scenario, Path workingDirectory) {
        if (scenario.layerShards() > 1) {
            return new LayerSplit(scenario, workingDirectory);
        }
        return scenario.headShards() > 1
                ? new HeadSplit(scenario, workingDirectory)
                : new WholeModel(scenario, workingDirectory);
    }
}
