package io.alisa.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import io.alisa.cache.SketchLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ByteModelTest {
    @Test
    void countedByHand() {
        ByteModel int8 = ByteModel.ofSession(Models.LLAMA_1B, true);
        // 8 KV heads of 64 + 64 bytes and two scales, 16 layers
        assertThat(int8.rowBytes()).isEqualTo(16 * 8 * 130);
        assertThat(int8.blockBytes()).isEqualTo(64 * 16_640);
        // 16 lines of four channels and one of magnitudes, 64 tokens each; one mean row
        assertThat(int8.digestBytes()).isEqualTo(16 * 8 * (17 * 64 + 130));
        // keys and values of 64 tokens as floats, in every layer
        assertThat(int8.sessionBytes()).isEqualTo(16 * 8 * 64 * (64 + 64) * 4);
        assertThat(int8.hostBytes(10, 4)).isEqualTo(10L * 2 * 16 * 8 * 64 * 4);
        assertThat(ByteModel.ofSession(Models.LLAMA_1B, false).digestBytes()).isZero();
    }

    @Test
    void thePapersFormulaForItsOwnCase() {
        // section V-A: 4 * b * l * h bytes a token, FP16
        ByteModel paper = new ByteModel(Models.OPT_6B, KvPrecision.F16, 1, false, 8);
        assertThat(paper.rowBytes()).isEqualTo(4L * 8 * 32 * 4096);
        assertThat(paper.sessionBytes()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"8, 64", "1, 128", "3, 61", "2, 1"})
    void agreesWithTheLayouts(int kvHeads, int headSize) {
        ModelDimensions model = new ModelDimensions(3, kvHeads, kvHeads, headSize, 64, 1000);
        for (KvFormat format : new KvFormat[]{KvFormat.INT8, KvFormat.F32}) {
            ByteModel bytes = new ByteModel(model, KvPrecision.valueOf(format.name()), KvLayout.BLOCK_TOKENS, true, 1);
            assertThat(bytes.blockBytes()).as(format.name())
                    .isEqualTo(3 * new KvLayout(format, kvHeads, headSize).blockBytes());
            long mean = kvHeads * (2L * KvLayout.int8RowBytes(headSize) + 2);
            assertThat(bytes.digestBytes())
                    .isEqualTo(3 * (new SketchLayout(kvHeads, headSize).blockBytes() + mean));
        }
    }

    @Test
    void aSessionHoldsWhatTheModelSays() {
        KvLayout layout = new KvLayout(KvFormat.INT8, 8, 64);
        int tokens = 128 * KvLayout.BLOCK_TOKENS;
        ByteModel bytes = ByteModel.ofSession(new ModelDimensions(4, 32, 8, 64, 2048, 1000), true);
        try (KvSession session = new KvSession(layout, 4, tokens, true)) {
            for (int layer = 0; layer < 4; layer++) {
                KvLayer kv = session.layer(layer);
                for (int start = 0; start < tokens; start += KvLayout.BLOCK_TOKENS) {
                    kv.resize(start, start + KvLayout.BLOCK_TOKENS);
                    kv.settle();
                }
                Objects.requireNonNull(kv.digest()).resize(128);
            }
            double predicted = tokens * (bytes.rowBytes() + bytes.digestTokenBytes()) + bytes.sessionBytes();
            // memory is taken in slabs of several blocks, so a session may hold a little more
            assertThat((double) session.bytes()).isBetween(0.98 * predicted, 1.10 * predicted);
        }
    }

    /** It leaves the fast tier as little as digests do, but nobody looks through it to select. */
    @Test
    void whatIsOnTheHeapTakesItsPart() {
        ByteModel none = ByteModel.ofSession(Models.LLAMA_1B, true);
        ByteModel heap = none.withHeap(1000);
        assertThat(heap.digestTokenBytes()).isEqualTo(none.digestTokenBytes());
        assertThat(heap.stayingTokenBytes()).isEqualTo(none.stayingTokenBytes() + 1000);
        Caps caps = new Caps(64L << 20, 1L << 40);
        int fewer = new Room(heap, caps, null).longest(1 << 20);
        assertThat(fewer * heap.stayingTokenBytes() + heap.sessionBytes()).isLessThanOrEqualTo(64L << 20);
        assertThat(fewer).isLessThan(new Room(none, caps, null).longest(1 << 20));
        assertThat(Forecast.fastBytes(heap, Split.NONE, null, 100))
                .isEqualTo(Forecast.fastBytes(none, Split.NONE, null, 100) + 100_000);
    }

    @Test
    void whatRecomputationSaves() {
        ByteModel int8 = ByteModel.ofSession(Models.LLAMA_1B, true);
        // one layer of 16 and a hidden state of 2048 floats
        assertThat(Recomputation.REPLAY.savedBytes(int8)).isEqualTo(16_640.0 * 15 / 16 - 4 * 2048);
        // a layer's input: 2048 floats against 1040 bytes of keys and values
        assertThat(Recomputation.PROJECT.savedBytes(int8)).isEqualTo(16 * (1040.0 - 8192));
        // without grouped heads, in floats: half
        ByteModel floats = new ByteModel(Models.OPT_6B, KvPrecision.F32, 64, false, 1);
        assertThat(Recomputation.PROJECT.savedBytes(floats)).isEqualTo(floats.rowBytes() / 2.0);
        // in the paper's FP16 too, in INT8 not
        ByteModel paper = new ByteModel(Models.OPT_6B, KvPrecision.F16, 1, false, 8);
        assertThat(Recomputation.PROJECT.savedBytes(paper)).isEqualTo(paper.rowBytes() / 2.0);
        assertThat(Recomputation.PROJECT.savedBytes(ByteModel.ofSession(Models.OPT_6B, true))).isNegative();
    }

    @Test
    void aWideModelOfFewLayersSavesNothingByReplay() {
        ByteModel bytes = ByteModel.ofSession(new ModelDimensions(2, 32, 1, 64, 4096, 1000), true);
        assertThat(Recomputation.REPLAY.savedBytes(bytes)).isNegative();
    }
}
