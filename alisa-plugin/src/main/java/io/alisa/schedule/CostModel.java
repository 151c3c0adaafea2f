package io.alisa.schedule;

/**
 * Time of one decode step, in nanoseconds: the terms of the paper's objective (section V-B), one after the other as in
 * its Algorithm 2; nothing overlaps.
 *
 * @param bytes       the byte model
 * @param machine     the machine's rates
 * @param access      which tokens are attended
 * @param weightBytes bytes of the weights that a step reads
 */
public record CostModel(ByteModel bytes, HardwareProfile machine, AccessPattern access, double weightBytes) {
    private static final double NANOS = 1e9;

    /** The same on a machine as it was measured since. */
    public CostModel on(HardwareProfile other, AccessPattern seen) {
        return new CostModel(bytes, other, seen, weightBytes);
    }

    /**
     * T_compute: the weights are read or multiplied by, whichever takes longer (the roofline; the paper profiles this
     * term), digests are looked through, attended rows are read.
     */
    public double computeNanos(double tokens) {
        double weights = Math.max(weightBytes / machine.readBytes(),
                (double) bytes.sequences() * bytes.model().parameters() / machine.multiplyAdds());
        double select = access.dense(tokens) ? 0 : tokens * bytes.digestTokenBytes() / machine.digestBytes();
        double attend = access.attended(tokens) * bytes.rowBytes() / attendedBytes(access.dense(tokens));
        return NANOS * (weights + select + attend);
    }

    /** The rates of attention were measured with INT8, which is bound by arithmetic; floats come at the memory's. */
    private double attendedBytes(boolean dense) {
        return bytes.precision() == KvPrecision.F32 && dense
                ? Math.max(machine.denseBytes(), machine.readBytes())
                : dense ? machine.denseBytes() : machine.sparseBytes();
    }

    /** The prompt: one pass over the weights, and attention over half the prompt on average. Dense, as in the paper. */
    public double prefillNanos(double tokens) {
        double products = Recomputation.REPLAY.multiplyAdds(bytes, tokens) * tokens / machine.multiplyAdds();
        return NANOS * Math.max(products, weightBytes / machine.readBytes());
    }

    /** T_transfer, in: {@code slow} tokens are in the slow tier. */
    public double loadNanos(double tokens, double slow) {
        return NANOS * slow * access.slowReadShare(tokens) * bytes.rowBytes() / slowReadBytes();
    }

    /** T_transfer, out: {@code moved} tokens go to the slow tier. */
    public double storeNanos(double moved) {
        return NANOS * moved * bytes.rowBytes() / machine.slowWriteBytes();
    }

    /** T_recompute: {@code deleted} tokens are deleted. What they are recomputed from is read first. */
    public double recomputeNanos(Recomputation by, double tokens, double deleted) {
        double recomputed = deleted * (by.all() ? anyShare(tokens, deleted) : access.chosenShare(tokens));
        return NANOS * recomputed * (by.multiplyAdds(bytes, tokens) / machine.multiplyAdds()
                + by.slowBytes(bytes) / slowReadBytes());
    }

    /** Chance that at least one of {@code deleted} tokens is chosen. */
    private double anyShare(double tokens, double deleted) {
        return 1 - Math.pow(1 - access.chosenShare(tokens), deleted);
    }

    private double slowReadBytes() {
        return machine.slowReadBytes(
                (double) access.pieceTokens() * bytes.precision().headBytes(bytes.model().headSize()));
    }
}
