package io.alisa.agent;

import java.util.Locale;

import io.alisa.Phase;
import io.alisa.SessionReport;
import io.alisa.host.KeptSessions;
import io.alisa.units.ByteSize;

/** A session in a line or two, for {@code explain()}. */
final class SessionText {
    private SessionText() {
    }

    static String of(SessionReport session) {
        String line = String.format(Locale.ROOT, "  %s: %,d tokens, %s, phase %s, KV %s fast + %s slow (the host would"
                + " hold %s)\n", session.model(), session.tokens(), session.mode(), session.phase(),
                ByteSize.format(session.fastBytes()), ByteSize.format(session.slowBytes()),
                ByteSize.format(session.hostEquivalentBytes()));
        if (session.reusedTokens() + session.pinnedTokens() > 0) {
            line += String.format(Locale.ROOT, "    %,d tokens taken over instead of computed; %,d always attended\n",
                    session.reusedTokens(), session.pinnedTokens());
        }
        if (session.deviceBytes() > 0) {
            line += "    copies of " + ByteSize.format(session.deviceBytes()) + " on the device, attended there\n";
        }
        if (session.mode().startsWith("sparse")) {
            line += attention(session);
        }
        return session.phase() == Phase.I ? line : line + tiers(session);
    }

    /** What is kept of closed sessions; nothing where nothing is. */
    static String of(KeptSessions kept) {
        int count = kept.count();
        return count == 0
                ? ""
                : String.format(Locale.ROOT, "%,d kept for later, they give way to open ones: KV %s fast + %s slow\n",
                        count, ByteSize.format(kept.bytes(false)), ByteSize.format(kept.bytes(true)));
    }

    private static String tiers(SessionReport session) {
        return String.format(Locale.ROOT,
                "    read back %s from the file, waited %,d ms for it; %,d tokens deleted, %,d computed again\n",
                ByteSize.format(session.loadedBytes()), session.stallNanos() / 1_000_000, session.deletedTokens(),
                session.recomputedTokens());
    }

    private static String attention(SessionReport session) {
        return String.format(Locale.ROOT,
                "    a step attends %,.0f tokens, which hold %.0f %% of the attention; %,d came"
                        + " back after being left out\n",
                session.attendedTokensPerStep(), 100 * session.keptMass(),
                session.recalledTokens());
    }
}
