package io.alisa.web;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The packaged page in a JVM of its own, with the agent, at a port that was free. */
final class PageProcess implements AutoCloseable {
    private static final Pattern ADDRESS = Pattern.compile(".*(http://127\\.0\\.0\\.1:\\d+/)");

    private final Process process;
    private final String address;

    private PageProcess(Process process, String address) {
        this.process = process;
        this.address = address;
    }

    /** @param temporary for its temporary files */
    static PageProcess start(Path temporary, List<String> flags) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-javaagent:" + Path.of("..", "alisa-plugin", "target", "alisa-plugin.jar"), "--add-modules",
                        "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xmx1g",
                        "-Djava.io.tmpdir=" + temporary, "-Djlama.force_panama_tensor_operations=true"));
        command.addAll(flags);
        command.addAll(
                List.of("-cp", Path.of("target", "alisa-chat.jar").toString(), WebMain.class.getName(), "--port", "0"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var _ = process.onExit().orTimeout(10, TimeUnit.MINUTES).exceptionally(late -> process.destroyForcibly());
        StringBuilder said = new StringBuilder();
        BufferedReader output = process.inputReader();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher address = ADDRESS.matcher(line);
            if (address.matches()) {
                return new PageProcess(process, address.group(1));
            }
            said.append(line).append('\n');
        }
        throw new IOException("The page does not start:\n" + said);
    }

    String address() {
        return address;
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
