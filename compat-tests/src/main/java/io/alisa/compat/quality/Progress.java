package io.alisa.compat.quality;

import java.time.Duration;
import java.util.Locale;

/** One line for each piece of work that is done, with the time that has passed and that is left. */
final class Progress {
    private final long total;
    private final long begun = System.nanoTime();
    private long done;

    /** The total in whatever unit {@link #done} counts. */
    Progress(long total) {
        this.total = total;
    }

    void done(long work, String what) {
        done += work;
        Duration elapsed = Duration.ofNanos(System.nanoTime() - begun);
        Duration left = elapsed.multipliedBy(total - done).dividedBy(done);
        System.out
                .println(String.format(Locale.ROOT, "[%3d %%] %s; elapsed %s, left about %s", 100 * done / total, what,
                        minutes(elapsed), minutes(left)));
    }

    private static String minutes(Duration time) {
        return String.format(Locale.ROOT, "%d:%02d", time.toMinutes(), time.toSecondsPart());
    }
}
