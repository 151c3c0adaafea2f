package io.alisa.chat;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** What begins with a slash. */
final class Commands {
    static final List<String> NAMES = List.of("/help", "/stats", "/explain", "/host", "/sparse on", "/sparse off",
            "/read", "/save", "/load", "/new", "/new keep", "/quit");

    private static final Pattern COMMAND = Pattern.compile("/[a-z]+(\\s.*)?", Pattern.DOTALL);
    private static final String HELP = """
            /read FILE   attach a text to your next message
            /stats       what the conversation holds and how fast its turns were
            /explain     what the plugin decided and why
            /host        the last turn once more by the host alone: same text? which speed?
            /sparse on   attend only the tokens that matter; what was said is read again, nothing is lost
            /sparse off  attend all tokens again
            /save FILE   save the conversation, with what was read of it if the plugin is active
            /load FILE   go on with a saved conversation
            /new         a new conversation
            /new keep    a new conversation that begins with the last turns of this one
            /help        this list
            /quit        end (so does Ctrl-D)
            Ctrl-C stops a reply; the conversation goes on.""";

    private final ChatLoop chat;
    private final ChatUi ui;
    private final HostComparison comparison;

    Commands(ChatLoop chat, ChatUi ui, ModelOptions options) {
        this.chat = chat;
        this.ui = ui;
        this.comparison = new HostComparison(options);
    }

    /** A path such as {@code /etc/hosts} at the start of a message is none. */
    static boolean isCommand(String line) {
        return COMMAND.matcher(line).matches();
    }

    /** Returns whether the chat goes on. */
    boolean run(String line) {
        String[] words = line.split("\\s+", 2);
        String argument = words.length > 1 ? words[1].strip() : "";
        switch (words[0]) {
            case "/help" -> ui.show(HELP);
            case "/stats" -> ui.show(StatsTable.of(chat.model(), chat.conversation(), chat.report()));
            case "/explain" -> ui.show(PluginView.explain());
            case "/host" -> host();
            case "/sparse" -> sparse(argument);
            case "/read" -> read(argument);
            case "/save" -> ui.note(chat.save(file(argument, "/save FILE")));
            case "/load" -> load(argument);
            case "/new" -> restart(argument);
            case "/quit", "/exit" -> {
                return false;
            }
            default -> throw new UserError("There is no command " + words[0] + "; /help lists them");
        }
        return true;
    }

    private void sparse(String argument) {
        boolean on = argument.equals("on");
        if (!on && !argument.equals("off")) {
            throw new UserError("Say /sparse on or /sparse off");
        }
        if (!PluginView.isActive()) {
            throw new UserError("Nothing changes. " + PluginView.INACTIVE);
        }
        chat.reopen(on);
        int tokens = chat.conversation().tokens();
        ui.note("Sparse attention is " + argument + ": a new session begins with your next message"
                + (tokens == 0
                        ? "."
                        : " and reads the conversation so far again, " + Figures.count(tokens, "token")
                                + ", so nothing is lost."));
    }

    private void read(String name) {
        if (name.isEmpty()) {
            throw new UserError("Say which file: /read FILE");
        }
        int tokens;
        try {
            String text = ReadFiles.load(path(name));
            chat.conversation().cost(chat.attached().joinedWith(text)); // refuses what does not fit
            tokens = chat.model().encoder().encode(text).size();
            chat.attached().attach(text);
        } catch (OutOfMemoryError e) {
            throw new UserError(name + " is too large for this JVM's memory; attach a part of it", e);
        }
        ui.note(String.format(Locale.ROOT, "%s: %s, goes with your next message.", name,
                Figures.count(tokens, "token")));
    }

    private void load(String argument) {
        ui.note(chat.load(file(argument, "/load FILE")));
        chat.attached().clear();
    }

    private static Path file(String name, String usage) {
        if (name.isEmpty()) {
            throw new UserError("Say which file: " + usage);
        }
        return path(name);
    }

    private static Path path(String name) {
        return SavedChat.path(name.startsWith("~/") ? System.getProperty("user.home") + name.substring(1) : name);
    }

    private void restart(String argument) {
        boolean keep = argument.equals("keep");
        if (!keep && !argument.isEmpty()) {
            throw new UserError("Say /new, or /new keep to keep the last turns");
        }
        chat.restart(keep);
        chat.attached().clear();
        long kept = chat.conversation().messages().stream().filter(m -> m.role() == Message.Role.USER)
                .count();
        ui.note(!keep
                ? "A new conversation."
                : kept == 0
                        ? "A new conversation; no turn is short enough to be kept."
                        : "A new conversation with the last " + Figures.count(kept, "turn")
                                + ", read again with your next message.");
    }

    private void host() {
        List<Turn> turns = chat.conversation().turns();
        if (turns.isEmpty()) {
            throw new UserError("There is no turn to repeat yet; say something first");
        }
        if (!chat.sampling().isGreedy()) {
            throw new UserError(
                    "With a temperature every reply is different; start with --temperature 0 to compare");
        }
        if (!PluginView.isActive()) {
            throw new UserError(PluginView.INACTIVE + "; there is nothing to compare");
        }
        Turn last = turns.getLast();
        ui.note("The last turn again in two fresh JVMs: with the plugin, then the host alone ...");
        Replay replay = Replay.of(chat.conversation().ids(), last);
        ui.whileInterruptible(comparison::stop,
                () -> ui.show(comparison.run(replay, last, chat.model().model().getTokenizer())));
    }
}
