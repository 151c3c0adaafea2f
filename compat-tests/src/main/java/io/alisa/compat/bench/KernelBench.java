package io.alisa.compat.bench;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.AttentionTile;
import io.alisa.attention.DecodeAttention;
import io.alisa.attention.Kernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Decode attention alone, Llama-3.2-1B's layer shape, beside the floor: reading the same bytes with the same threads
 * and doing next to nothing with them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 6, time = 1)
public class KernelBench {
    /** Sizes in tokens; the last is far beyond any cache and stands for the memory's bandwidth. */
    static final List<String> SIZES = List.of("1024", "4096", "8192", "16384", "32768");

    @Param({"1024", "4096", "8192", "16384", "32768"})
    public int tokens;

    private final AttentionShape shape = new AttentionShape(8, 4, 64, 0);
    private final WorkerTeam team = WorkerTeam.shared();
    private KvSession session;
    private KvLayer layer;
    private AttentionKernels kernels;
    private DecodeAttention attention;
    private AttentionTile[] tiles;
    private float[] query;
    private float[] output;
    private final Job read = this::readBlock;

    @Setup
    public void fill() {
        KvLayout layout = new KvLayout(KvFormat.F32, shape.kvHeads(), shape.headSize());
        session = new KvSession(layout, 1, tokens);
        layer = session.layer(0);
        layer.resize(tokens);
        SplittableRandom random = new SplittableRandom(1);
        for (int position = 0; position < tokens; position++) {
            for (int head = 0; head < shape.kvHeads(); head++) {
                layer.putKey(position, head, BenchModels.normal(random, shape.headSize()), 0);
                layer.putValue(position, head, BenchModels.normal(random, shape.headSize()), 0);
            }
        }
        query = BenchModels.normal(random, shape.floats(1));
        output = new float[shape.floats(1)];
        kernels = Kernels.choose("auto").kernels();
        attention = new DecodeAttention(shape, kernels, team, layer);
        tiles = new AttentionTile[team.size()];
        for (int i = 0; i < tiles.length; i++) {
            tiles[i] = new AttentionTile(shape, 1);
        }
    }

    @TearDown
    public void free() {
        session.close();
    }

    /** Bytes of keys and values that a step must read. */
    static long bytes(int tokens) {
        return tokens * new KvLayout(KvFormat.F32, 8, 64).blockBytes() / KvLayout.BLOCK_TOKENS;
    }

    @Benchmark
    public float[] attend() {
        attention.run(layer, query, output);
        return output;
    }

    @Benchmark
    public AttentionTile[] readOnly() {
        team.run(read, tokens / KvLayout.BLOCK_TOKENS);
        return tiles;
    }

    private void readBlock(int block, int worker) {
        kernels.preload(tiles[worker], layer.block(block), layer.layout().blockBytes());
    }
}
