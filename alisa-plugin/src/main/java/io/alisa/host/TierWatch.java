package io.alisa.host;

import io.alisa.Phase;
import io.alisa.cache.KvSession;
import io.alisa.device.DeviceSession;
import io.alisa.telemetry.PhaseChangeEvent;
import io.alisa.telemetry.RecomputeEvent;
import io.alisa.telemetry.Recordings;
import io.alisa.telemetry.TierTransferEvent;
import org.jspecify.annotations.Nullable;

/** Tells recordings, and the session's plan, what its tiers did since the step before. Used under the session's lock. */
final class TierWatch {
    private final String session;
    private final KvSession kv;
    private Phase phase = Phase.I;
    private long stored;
    private long loaded;
    private long stall;
    private long recomputed;
    private long recomputeNanos;
    private long uploaded;
    private @Nullable SessionSchedule plan;

    TierWatch(String session, KvSession kv) {
        this.session = session;
        this.kv = kv;
    }

    /** Says whom the costs are told. */
    void inform(SessionSchedule schedule) {
        plan = schedule;
    }

    /** @param sparse whether the step attended a part of the tokens */
    void stepDone(int tokens, Phase now, boolean sparse) {
        boolean moves = now != Phase.I || phase != Phase.I; // the last may have come back
        if (now != phase) {
            if (Recordings.areOn() && PhaseChangeEvent.isOn()) {
                PhaseChangeEvent.emit(session, tokens, phase.name(), now.name());
            }
            phase = now;
        }
        if (moves || uploaded() != uploaded) {
            transfers(tokens, sparse);
            recomputations(tokens);
        }
    }

    /** Bytes that were copied to the device so far. */
    private long uploaded() {
        DeviceSession device = kv.device();
        return device == null ? 0 : device.uploadedBytes();
    }

    private void recomputations(int tokens) {
        long recomputedBefore = recomputed;
        long nanosBefore = recomputeNanos;
        recomputed = kv.recomputedTokens();
        recomputeNanos = kv.recomputeNanos();
        if (recomputed == recomputedBefore) {
            return;
        }
        if (plan != null) {
            plan.recomputed(recomputed - recomputedBefore, tokens, recomputeNanos - nanosBefore);
        }
        if (Recordings.areOn() && RecomputeEvent.isOn()) {
            RecomputeEvent.emit(session, tokens, recomputed - recomputedBefore, kv.deletedTokens(),
                    recomputeNanos - nanosBefore);
        }
    }

    private void transfers(int tokens, boolean sparse) {
        long storedBefore = stored;
        long loadedBefore = loaded;
        long stallBefore = stall;
        long uploadedBefore = uploaded;
        uploaded = uploaded();
        stored = kv.storedBytes();
        loaded = kv.loadedBytes();
        stall = kv.stallNanos();
        if (plan != null) {
            plan.loaded(loaded - loadedBefore, stall - stallBefore, kv.slowBytes(), sparse);
        }
        if (Recordings.areOn() && TierTransferEvent.isOn()
                && (stored != storedBefore || loaded != loadedBefore || uploaded != uploadedBefore)) {
            DeviceSession device = kv.device();
            TierTransferEvent.emit(session, tokens, stored - storedBefore, loaded - loadedBefore, stall - stallBefore,
                    kv.bytes(), kv.slowBytes(), uploaded - uploadedBefore, device == null ? 0 : device.bytes());
        }
    }
}
