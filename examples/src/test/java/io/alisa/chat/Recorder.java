package io.alisa.chat;

/** Remembers a reply as it came, and stops it after so many pieces. */
final class Recorder implements ReplyListener {
    private final StringBuilder text = new StringBuilder();
    private final int stopAfter;
    private int pieces;
    private int reread;

    Recorder() {
        this(Integer.MAX_VALUE);
    }

    Recorder(int stopAfter) {
        this.stopAfter = stopAfter;
    }

    String text() {
        return text.toString();
    }

    int rereads() {
        return reread;
    }

    @Override
    public void onReread() {
        reread++;
    }

    @Override
    public void onText(String piece) {
        pieces++;
        text.append(piece);
    }

    @Override
    public boolean stop() {
        return pieces >= stopAfter;
    }
}
