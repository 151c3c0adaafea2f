package io.alisa.chat;

import java.io.Console;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

import picocli.CommandLine;

/**
 * Starts the chat. Exit code 0, or 2 with one sentence on the error output; through a pipe the chat goes on after a turn
 * that failed, and the exit code is 2 with a sentence for each.
 */
public final class ChatMain {
    private static final int FAILED = 2;

    private ChatMain() {
    }

    /**
     * Runs the chat.
     *
     * @param args see {@code --help}
     */
    public static void main(String[] args) {
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        int exit;
        try {
            exit = run(args);
        } catch (UserError e) {
            err.println(e.sentence());
            exit = FAILED;
        } catch (Exception | OutOfMemoryError | LinkageError e) {
            err.println("The chat failed: " + ModelLoader.rootCause(e) + " (" + e.getClass().getSimpleName()
                    + ")");
            exit = FAILED;
        }
        System.exit(exit); // the host's worker threads would keep the process alive
    }

    private static int run(String[] args) throws IOException {
        ChatOptions options = new ChatOptions();
        CommandLine command = Arguments.parse(options, args);
        if (command.isUsageHelpRequested()) {
            command.usage(System.out);
            return 0;
        }
        if (command.isVersionHelpRequested()) {
            command.printVersionHelp(System.out);
            return 0;
        }
        String prompt = options.prompt();
        Sampling sampling = options.sampling();
        boolean terminal = prompt == null && isTerminal();
        try (LoadedModel model = ModelLoader.load(options.model()); ChatUi ui = ui(terminal)) {
            ChatLoop chat = new ChatLoop(model, options.model(), options.system(), sampling, ui);
            if (prompt != null) {
                chat.once(prompt);
                return 0;
            }
            boolean allDone = chat.run();
            return allDone || terminal ? 0 : FAILED; // who sits at a terminal has seen what failed
        }
    }

    private static ChatUi ui(boolean terminal) throws IOException {
        return terminal ? new TerminalUi(Commands.NAMES) : new PipeUi(System.in, System.out, System.err);
    }

    @SuppressWarnings("SystemConsoleNull") // its documentation still allows null
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }
}
