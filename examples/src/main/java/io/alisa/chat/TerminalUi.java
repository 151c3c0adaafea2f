package io.alisa.chat;

import java.io.IOException;
import java.util.List;

import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;
import org.jline.utils.Status;
import org.jspecify.annotations.Nullable;

/** A terminal: line editing, a history that lives only as long as the chat, a status bar where there can be one. */
final class TerminalUi implements ChatUi {
    private static final AttributedStyle QUIET = AttributedStyle.DEFAULT.faint();

    private final Terminal terminal;
    private final LineReader reader;
    private final @Nullable Status bar;

    TerminalUi(List<String> commands) throws IOException {
        terminal = TerminalBuilder.builder().name("alisa-chat").system(true).build();
        DefaultParser parser = new DefaultParser();
        parser.setQuoteChars(new char[0]); // an apostrophe opens nothing here
        parser.setEscapeChars(new char[0]);
        reader = LineReaderBuilder.builder().terminal(terminal).appName("alisa-chat").parser(parser)
                .completer(new StringsCompleter(commands))
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true) // "!" is only a sign
                .build();
        Status status = Status.getStatus(terminal, true);
        bar = status != null && terminal.getType().startsWith("dumb") ? null : status;
    }

    @Override
    public @Nullable String read() {
        while (true) {
            try {
                return reader.readLine("> ");
            } catch (UserInterruptException e) {
                if (e.getPartialLine().isEmpty()) {
                    note("Ctrl-D or /quit ends the chat.");
                }
            } catch (EndOfFileException e) {
                return null;
            }
        }
    }

    @Override
    public void reply(String piece) {
        terminal.writer().print(piece);
        terminal.flush();
    }

    @Override
    public void endReply() {
        terminal.writer().println();
        terminal.flush();
    }

    @Override
    public void show(String text) {
        terminal.writer().println(text);
        terminal.flush();
    }

    @Override
    public void note(String sentence) {
        terminal.writer().println(new AttributedString(sentence, QUIET).toAnsi(terminal));
        terminal.flush();
    }

    @Override
    public void status(String line) {
        note("[" + line + "]");
        if (bar != null) {
            bar.update(List.of(new AttributedString(line, AttributedStyle.INVERSE)));
        }
    }

    @Override
    public void whileInterruptible(Runnable onInterrupt, Runnable body) {
        Terminal.SignalHandler before = terminal.handle(Terminal.Signal.INT, signal -> onInterrupt.run());
        boolean echo = terminal.echo(false); // what is typed meanwhile must not land in the reply
        try {
            body.run();
        } finally {
            terminal.echo(echo);
            terminal.handle(Terminal.Signal.INT, before);
        }
    }

    @Override
    public void close() {
        try {
            if (bar != null) {
                bar.hide(); // or the shell would go on above a stale line
                bar.close();
            }
            terminal.close();
        } catch (IOException e) {
            // Nothing can be said any more: the terminal is what could not be closed.
        }
    }
}
