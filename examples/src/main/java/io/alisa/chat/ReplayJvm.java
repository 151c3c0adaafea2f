package io.alisa.chat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/** Runs a turn again in a JVM like this one, with or without the agent. */
final class ReplayJvm {
    private final ModelOptions options;
    private final boolean withAgent;
    private volatile @Nullable Process process;

    ReplayJvm(ModelOptions options, boolean withAgent) {
        this.options = options;
        this.withAgent = withAgent;
    }

    /** What came out: the tokens and how fast. */
    record Result(TokenList ids, Turn.Speed prefill, Turn.Speed decode) {
    }

    Result run(Replay replay) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command())
                    .redirectError(ProcessBuilder.Redirect.DISCARD);
            // What these two say is among our own arguments already.
            builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
            Process started = builder.start();
            process = started;
            try (OutputStream out = started.getOutputStream()) {
                out.write(replay.toLines().getBytes(StandardCharsets.UTF_8));
            }
            try (BufferedReader in = started.inputReader(StandardCharsets.UTF_8)) {
                return answer(in);
            }
        } catch (IOException e) {
            throw new UserError("The other JVM could not be asked (" + e.getMessage() + "); try /host again",
                    e);
        } finally {
            stop();
        }
    }

    void stop() {
        Process running = process;
        if (running != null) {
            running.destroy();
        }
    }

    private Result answer(BufferedReader in) throws IOException {
        Turn.@Nullable Speed prefill = null;
        Turn.@Nullable Speed decode = null;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", 2);
            switch (words[0]) {
                case "prefill" -> prefill = speed(words[1]);
                case "decode" -> decode = speed(words[1]);
                case "ids" -> {
                    if (prefill != null && decode != null) {
                        return new Result(TokenList.parse(words[1]), prefill, decode);
                    }
                }
                case "error" ->
                    throw new UserError("The other JVM could not repeat the turn (" + words[1] + ")");
                default -> {
                    // not one of ours
                }
            }
        }
        throw new UserError(
                "The other JVM was stopped before it had repeated the turn; type /host to try again");
    }

    List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            boolean debugger = argument.startsWith("-agentlib:") || argument.startsWith("-Xrunjdwp");
            boolean ours = argument.startsWith("-javaagent:") || argument.startsWith("-Dalisa.");
            if (!debugger && (withAgent || !ours)) {
                command.add(argument);
            }
        }
        String sparse = System.getProperty(PluginView.SPARSE);
        if (withAgent && sparse != null) {
            command.add("-D" + PluginView.SPARSE + "=" + sparse); // may have changed since this JVM began
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ReplayMain.class.getName()));
        command.addAll(options.arguments());
        return command;
    }

    private static Turn.Speed speed(String words) {
        String[] numbers = words.split(" ", 2);
        return new Turn.Speed(Integer.parseInt(numbers[0]), Long.parseLong(numbers[1]));
    }
}
