package io.alisa.compat.bench;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;

import io.alisa.attention.AttentionTile;
import io.alisa.attention.DecodeAttention;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.parallel.Job;
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
 * Dense decode attention alone, beside the floor: reading the same bytes with the same threads and doing next to nothing
 * with them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class KernelBench {
    @Param("1024")
    public int tokens;

    @Param("F32")
    public KvFormat format;

    private KernelKv kv;
    private DecodeAttention attention;
    private AttentionTile[] tiles;
    private final Job read = this::readBlock;

    @Setup
    public void fill() {
        kv = new KernelKv(format, tokens, false);
        attention = new DecodeAttention(KernelKv.SHAPE, kv.kernels, kv.team, kv.layer);
        tiles = new AttentionTile[kv.team.size()];
        Arrays.setAll(tiles, worker -> new AttentionTile(KernelKv.SHAPE, 1));
    }

    @TearDown
    public void free() {
        kv.close();
    }

    @Benchmark
    public float[] attend() {
        attention.run(kv.layer, kv.nextQuery(), kv.output);
        return kv.output;
    }

    @Benchmark
    public AttentionTile[] readOnly() {
        kv.team.run(read, tokens / KvLayout.BLOCK_TOKENS);
        return tiles;
    }

    private void readBlock(int block, int worker) {
        kv.kernels.preload(tiles[worker], kv.layer.block(block), kv.layer.layout().blockBytes());
    }
}
