package io.alisa.chat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

import io.alisa.SessionReport;
import org.jspecify.annotations.Nullable;

/** Reads what the user says, lets the model reply, and says where things stand. */
final class ChatLoop {
    private final LoadedModel model;
    private final @Nullable String system;
    private final Sampling sampling;
    private final ChatUi ui;
    private final Commands commands;
    private final ReadFiles attached = new ReadFiles();
    private Conversation conversation;
    private Optional<SessionReport> report = Optional.empty();
    private boolean saidInactive;
    private boolean allDone = true;

    ChatLoop(LoadedModel model, ModelOptions options, @Nullable String system, Sampling sampling, ChatUi ui) {
        this.model = model;
        this.system = system;
        this.sampling = sampling;
        this.ui = ui;
        this.commands = new Commands(this, ui, options);
        this.conversation = new Conversation(model, opening());
    }

    /** Talks until the user has had enough. Returns whether all was done that was asked for. */
    boolean run() {
        ui.note(model.describe() + ", a context of " + Figures.count(model.contextLimit(), "token")
                + ". /help lists the commands, Ctrl-D ends the chat.");
        noteMissingTemplate();
        boolean goOn = true;
        while (goOn) {
            String line = ui.read();
            goOn = line != null && turn(line.strip());
        }
        conversation.close();
        return allDone;
    }

    /** Answers one message; what goes wrong is the caller's. */
    void once(String prompt) {
        noteMissingTemplate();
        try {
            answer(prompt);
        } catch (ContextFull e) {
            throw new UserError(withRemedy(e), e);
        }
        conversation.close();
    }

    LoadedModel model() {
        return model;
    }

    Conversation conversation() {
        return conversation;
    }

    Sampling sampling() {
        return sampling;
    }

    ReadFiles attached() {
        return attached;
    }

    Optional<SessionReport> report() {
        return report;
    }

    /** Begins a new conversation, with the last turns of this one or with none. */
    void restart(boolean keepLastTurns) {
        List<Message> opening = keepLastTurns ? conversation.lastTurns() : opening();
        conversation.close();
        conversation = new Conversation(model, opening);
        report = Optional.empty();
    }

    /** Goes on with this conversation in a new session, sparse or not. */
    void reopen(boolean sparse) {
        PluginView.setSparse(sparse);
        conversation.reopen();
        report = Optional.empty();
    }

    /** Saves this conversation. Returns what there is to say about it. */
    String save(Path file) {
        if (conversation.messages().isEmpty()) {
            throw new UserError("Nothing was said yet; there is nothing to save");
        }
        SavedChat.refuseOthers(file);
        Optional<String> objection = conversation.session()
                .map(id -> PluginView.isActive()
                        ? PluginView.save(id, SavedChat.kvFile(file))
                        : Optional.of(PluginView.INACTIVE))
                .orElseGet(() -> Optional.of("Nothing was read yet"));
        try {
            conversation.saved().write(file, objection.isEmpty());
        } catch (IOException e) {
            throw new UserError("'" + file + "' can't be written (" + e + "); choose another place", e);
        }
        return objection.map(why -> "Saved what was said to " + file + ", but not what was read: " + why)
                .orElseGet(() -> "Saved to " + file + " and " + SavedChat.kvFile(file) + ", "
                        + Figures.count(conversation.tokens(), "token") + ".");
    }

    /** Goes on with a saved conversation instead of this one. Returns what there is to say about it. */
    String load(Path file) {
        SavedChat saved = SavedChat.read(file);
        if (!saved.model().equals(model.describe())) {
            throw new UserError("'" + file + "' was said with " + saved.model() + "; start the chat with that model");
        }
        if (!saved.ids().areBelow(model.model().getConfig().vocabularySize)) {
            throw new UserError("'" + file + "' was changed: it has tokens that the model does not know; choose a file"
                    + " that /save wrote");
        }
        String again = "";
        Decoder decoder = null;
        if (saved.read() > 0 && SavedChat.hasKv(file)) {
            try {
                decoder = new Decoder(model.model(), PluginView.restore(model.model(), SavedChat.kvFile(file)),
                        saved.read());
            } catch (UserError e) {
                again = e.sentence() + " ";
            }
        }
        conversation.close();
        conversation = new Conversation(model, saved, decoder);
        report = Optional.empty();
        return decoder != null
                ? "Loaded " + Figures.count(conversation.tokens(), "token") + "; nothing is read again."
                : again + "Loaded " + Figures.count(conversation.tokens(), "token")
                        + "; they are read again with your next message.";
    }

    private boolean turn(String line) {
        boolean command = Commands.isCommand(line);
        try {
            if (command) {
                return commands.run(line);
            }
            if (!line.isEmpty()) {
                answer(attached.joinedWith(line));
            }
        } catch (ContextFull e) {
            failed(withRemedy(e));
        } catch (UserError e) {
            failed(e.sentence());
        } catch (RuntimeException | OutOfMemoryError e) {
            failed("That failed: " + ModelLoader.rootCause(e) + ". The conversation is kept"
                    + (command ? "." : " and will be read again with the next message."));
        }
        return true;
    }

    private void failed(String sentence) {
        allDone = false;
        ui.note(sentence);
    }

    private static String withRemedy(ContextFull e) {
        return e.sentence() + (e.isTooLongForAny()
                ? "; shorten it or choose a model with a longer context (--model)"
                : "; send a shorter one, or start afresh with /new keep (keeps the last turns) or /new");
    }

    private void answer(String text) {
        Shown shown = new Shown();
        ui.whileInterruptible(shown::interrupt, () -> {
            Turn turn;
            try {
                turn = conversation.say(text, sampling, shown);
            } finally {
                shown.end();
            }
            report = PluginView.lastSession();
            ui.status(StatusLine.of(conversation, turn, report));
        });
        if (report.isEmpty() && !saidInactive) {
            saidInactive = true;
            ui.note(PluginView.INACTIVE);
        }
    }

    private void noteMissingTemplate() {
        if (model.format() instanceof PlainText) {
            ui.note("This model has no chat template the host can render; it goes on writing after your text.");
        }
    }

    private List<Message> opening() {
        return system == null ? List.of() : List.of(Message.system(system));
    }

    /** Shows a reply as it comes. */
    private final class Shown implements ReplyListener {
        private volatile boolean interrupted;
        private boolean accepted;

        void interrupt() {
            interrupted = true;
        }

        /** A message that was refused has no reply that could end. */
        void end() {
            if (accepted) {
                ui.endReply();
            }
        }

        @Override
        public void onAccepted() {
            accepted = true;
            attached.clear();
        }

        @Override
        public void onReread() {
            ui.note("This model's chat template rewrites earlier turns, so the whole conversation is read again.");
        }

        @Override
        public void onText(String piece) {
            ui.reply(piece);
        }

        @Override
        public boolean stop() {
            return interrupted;
        }
    }
}
