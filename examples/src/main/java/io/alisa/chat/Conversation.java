package io.alisa.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * A conversation: messages, their tokens, and one KV buffer that holds the tokens read so far. A turn reads only what
 * the buffer does not hold yet; that is the new message, and the last token of a reply that was cut off.
 */
public final class Conversation implements AutoCloseable {
    private final LoadedModel model;
    private final List<Message> messages = new ArrayList<>();
    private final List<Turn> turns = new ArrayList<>();
    private TokenList ids = new TokenList();
    private @Nullable Decoder decoder;

    /** @param opening messages the conversation begins with: a system message, or turns kept from an earlier one */
    public Conversation(LoadedModel model, List<Message> opening) {
        this.model = model;
        messages.addAll(opening);
    }

    /** Goes on with a saved conversation; without a decoder that holds what was read, all is read again. */
    Conversation(LoadedModel model, SavedChat saved, @Nullable Decoder decoder) {
        this(model, saved.messages());
        ids.addAll(saved.ids());
        this.decoder = decoder;
    }

    /** What is to be saved, and by which id the plugin knows what was read; none where nothing was. */
    SavedChat saved() {
        return new SavedChat(model.describe(), messages(), ids(), decoder == null ? 0 : decoder.position());
    }

    Optional<UUID> session() {
        return decoder == null || decoder.position() == 0 ? Optional.empty() : Optional.of(decoder.id());
    }

    /** A message ready to be said as the next one: its tokens are counted, nothing has changed yet. */
    public static final class Prepared {
        private final Message message;
        private final TokenList newIds;
        private final boolean rereads;
        private final int place;

        private Prepared(Message message, TokenList newIds, boolean rereads, int place) {
            this.message = message;
            this.newIds = newIds;
            this.rereads = rereads;
            this.place = place;
        }
    }

    public int tokens() {
        return ids.size();
    }

    public int limit() {
        return model.contextLimit();
    }

    List<Turn> turns() {
        return List.copyOf(turns);
    }

    List<Message> messages() {
        return List.copyOf(messages);
    }

    TokenList ids() {
        return ids.slice(0, ids.size());
    }

    /** Encodes what is going to be said next; the model has no part in it. Throws {@link ContextFull} if it is too long. */
    public Prepared prepare(String text) {
        return prepare(Message.user(text));
    }

    /** Says something and returns what the model replied. Throws {@link ContextFull} and changes nothing if it is too long. */
    public Turn say(String text, Sampling sampling, ReplyListener listener) {
        return say(prepare(text), sampling, listener);
    }

    /** Says what was prepared last and returns what the model replied. */
    public Turn say(Prepared prepared, Sampling sampling, ReplyListener listener) {
        if (prepared.place != messages.size()) {
            throw new IllegalStateException("Something else was said since this was prepared");
        }
        listener.onAccepted();
        if (prepared.rereads) {
            listener.onReread();
            forgetBuffer();
            ids = new TokenList();
        }
        int start = ids.size();
        ids.addAll(prepared.newIds);
        messages.add(prepared.message);
        Turn turn;
        try {
            turn = reply(start, sampling, listener);
        } catch (RuntimeException | Error e) {
            // What the buffer holds now is anyone's guess: read everything again next time.
            forgetBuffer();
            messages.add(Message.assistant(""));
            throw e;
        }
        messages.add(Message.assistant(turn.text()));
        turns.add(turn);
        return turn;
    }

    /** How many tokens a message would take. Throws {@link ContextFull} if it is too long. */
    int cost(String text) {
        return prepare(text).newIds.size();
    }

    /** The messages from the system message and as many of the last turns as fit into half the context. */
    List<Message> lastTurns() {
        int from = messages.size();
        while (from >= 2 && messages.get(from - 2).role() == Message.Role.USER
                && model.encoder().encode(model.format().whole(withSystem(from - 2))).size() <= limit() / 2) {
            from -= 2;
        }
        return withSystem(from);
    }

    private List<Message> withSystem(int from) {
        List<Message> kept = new ArrayList<>();
        if (!messages.isEmpty() && messages.getFirst().role() == Message.Role.SYSTEM) {
            kept.add(messages.getFirst());
        }
        kept.addAll(messages.subList(from, messages.size()));
        return kept;
    }

    /** Gives up the buffer; the next message reads the whole conversation again into a new one. */
    void reopen() {
        forgetBuffer();
    }

    private Prepared prepare(Message message) {
        int fewest = model.encoder().fewestTokens(message.text().length());
        if (fewest >= limit()) { // not even worth counting
            throw ContextFull.atLeast(fewest, limit());
        }
        Prepared prepared = ids.size() == 0 ? opening(message, false) : continuation(message);
        int before = prepared.rereads ? 0 : ids.size();
        if (before + prepared.newIds.size() >= limit()) {
            throw new ContextFull(prepared.newIds.size(), before, limit());
        }
        return prepared;
    }

    private Prepared continuation(Message message) {
        Optional<String> text = model.format().continuation(messages, message);
        if (text.isPresent()) {
            return new Prepared(message, model.encoder().encode(text.get()), false, messages.size());
        }
        Prepared all = opening(message, true);
        return ids.isPrefixOf(all.newIds)
                ? new Prepared(message, all.newIds.slice(ids.size(), all.newIds.size()), false, messages.size())
                : all;
    }

    private Prepared opening(Message message, boolean rereads) {
        List<Message> all = new ArrayList<>(messages);
        all.add(message);
        return new Prepared(message, model.encoder().opening(model.format().whole(all)), rereads, messages.size());
    }

    private Turn reply(int promptStart, Sampling sampling, ReplyListener listener) {
        int promptEnd = ids.size();
        Decoder reader = decoder();
        int unread = reader.position();
        long began = System.nanoTime();
        prefill(reader, listener);
        ReplyWriter writer = new ReplyWriter(model, sampling, listener);
        Turn.Finish finish = reader.position() == promptEnd
                ? writer.write(reader, ids)
                : Turn.Finish.STOPPED;
        long readUntil = writer.firstTokenNanos() == 0 ? System.nanoTime() : writer.firstTokenNanos();
        return new Turn(writer.text(), promptStart, promptEnd, writer.chosen(), finish,
                new Turn.Speed(Math.min(reader.position(), promptEnd) - unread, readUntil - began),
                writer.speed());
    }

    private void prefill(Decoder reader, ReplyListener listener) {
        int[] all = ids.toArray();
        int total = all.length - reader.position();
        int from = reader.position();
        while (reader.position() < all.length && (reader.position() == from || !listener.stop())) {
            int to = Math.min(all.length, reader.position() + Decoder.CHUNK);
            reader.prefill(all, reader.position(), to);
            listener.onPrefill(reader.position() - from, total);
        }
    }

    private Decoder decoder() {
        Decoder current = decoder;
        if (current == null) {
            current = new Decoder(model.model());
            decoder = current;
        }
        return current;
    }

    private void forgetBuffer() {
        if (decoder != null) {
            decoder.close();
            decoder = null;
        }
    }

    @Override
    public void close() {
        forgetBuffer();
    }
}
