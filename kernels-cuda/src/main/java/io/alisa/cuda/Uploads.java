package io.alisa.cuda;

import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/** Pieces of RAM that are to be copied to the device, by where they go: neighbours there become one copy. Owned by one session. */
final class Uploads {
    private long[] sources = {};
    private SlabPool.@Nullable Place[] places = {};
    private int count;

    /** Adds a piece, as large as its place is. */
    void add(long address, SlabPool.Place to) {
        if (count == sources.length) {
            sources = Arrays.copyOf(sources, Math.max(16, 2 * count));
            places = Arrays.copyOf(places, sources.length);
        }
        int at = count++;
        for (; at > 0 && place(at - 1).address() > to.address(); at--) {
            sources[at] = sources[at - 1];
            places[at] = places[at - 1];
        }
        sources[at] = address;
        places[at] = to;
    }

    int count() {
        return count;
    }

    /** Where a piece is in RAM. */
    long source(int piece) {
        return sources[piece];
    }

    /** Where it goes. */
    SlabPool.Place place(int piece) {
        SlabPool.Place place = places[piece];
        if (place == null) {
            throw new IndexOutOfBoundsException(piece);
        }
        return place;
    }

    void clear() {
        Arrays.fill(places, 0, count, null);
        count = 0;
    }
}
