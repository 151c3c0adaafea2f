package io.alisa.chat;

import picocli.CommandLine;

/** Reads the words of a command line, the same way for all programs here. */
public final class Arguments {
    private Arguments() {
    }

    /**
     * Sets the options. A word that begins with @ is a text like any other, not a file with more words.
     *
     * @throws UserError where one is not understood
     */
    public static CommandLine parse(Object options, String... words) {
        CommandLine command = new CommandLine(options).setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false);
        try {
            command.parseArgs(words);
        } catch (CommandLine.UnmatchedArgumentException e) {
            throw new UserError(e.getMessage() + (e.getUnmatched().stream().anyMatch(Arguments::isForTheJvm)
                    ? "; options of the JVM come before all others"
                    : "; see --help"), e);
        } catch (CommandLine.ParameterException e) {
            throw new UserError(e.getMessage() + "; see --help", e);
        }
        return command;
    }

    private static boolean isForTheJvm(String word) {
        return word.startsWith("-D") || word.startsWith("-X");
    }
}
