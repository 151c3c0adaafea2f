package io.alisa.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatLoopTest {
    private static final String FACT = "Remember this: The gate code of Alice is 4821.";
    private static final String QUESTION = "What is the gate code of Alice?";

    @TempDir
    private Path directory = Path.of("");

    @Test
    void talksAndSaysWhereThingsStand() {
        ScriptedUi ui = chat(Memo.model(), FACT, "", QUESTION);
        assertThat(ui.replies).hasSize(2).last().asString().contains("4821");
        assertThat(ui.statusLines).hasSize(2);
        assertThat(ui.statusLines.getLast()).contains("of 4,090 tokens", "prefill", "decode");
    }

    @Test
    void withoutThePluginItSaysSoOnce() {
        ScriptedUi ui = chat(Memo.model(), FACT, QUESTION);
        assertThat(ui.statusLines).allMatch(line -> line.contains("plugin not active"));
        assertThat(ui.notes).filteredOn(PluginView.INACTIVE::equals).hasSize(1);
    }

    @Test
    void aNewConversationKnowsNothingUnlessTurnsAreKept() {
        assertThat(chat(Memo.model(), FACT, "/new", QUESTION).replies.getLast()).doesNotContain("4821");
        ScriptedUi kept = chat(Memo.model(), FACT, "/new keep", QUESTION);
        assertThat(kept.replies.getLast()).contains("4821");
        assertThat(kept.notes).anyMatch(note -> note.contains("the last 1 turn,"));
    }

    @Test
    void aFullContextKeepsTheConversationUsable() {
        ScriptedUi ui = chat(Memo.withContext(64), FACT, "one two three ".repeat(13), "/stats", QUESTION,
                "/new keep", QUESTION);
        assertThat(ui.notes)
                .anyMatch(note -> note.startsWith("The context is full") && note.contains("/new keep"));
        assertThat(ui.shown.getFirst()).contains("27 of 64 tokens");
        assertThat(ui.replies).hasSize(3);
        assertThat(ui.replies.get(1)).contains("4821");
    }

    @Test
    void aFileGoesWithTheNextMessage() throws IOException {
        Path file = Files.writeString(directory.resolve("facts with blanks.txt"), FACT + "\n");
        ScriptedUi ui = chat(Memo.model(), "/read " + file, QUESTION, QUESTION);
        assertThat(ui.notes).anyMatch(note -> note.contains("19 tokens, goes with your next message"));
        assertThat(ui.replies).hasSize(2).first().asString().contains("4821");
        assertThat(ui.statusLines.get(0)).startsWith("48 of");
        assertThat(ui.statusLines.get(1)).as("the file is read once").startsWith("77 of");
    }

    @Test
    void aFileThatDoesNotFitIsNotTaken() throws IOException {
        Path file = Files.writeString(directory.resolve("long.txt"), "one two three ".repeat(40));
        ScriptedUi ui = chat(Memo.withContext(64), FACT, "/read " + file, QUESTION);
        assertThat(ui.notes).anyMatch(n -> n.contains("holds 64; shorten it") && n.contains("--model"));
        assertThat(ui.replies.getLast()).contains("4821");
    }

    @Test
    void withoutThePluginASavedConversationIsReadAgain() throws IOException {
        Path file = directory.resolve("saved chat");
        ScriptedUi first = chat(Memo.model(), "/save " + file, FACT, "/save " + file, "/save " + file);
        assertThat(first.notes).anyMatch(n -> n.startsWith("Nothing was said yet"))
                .filteredOn(n -> n.startsWith("Saved what was said to " + file)).hasSize(2);
        ScriptedUi second = chat(Memo.model(), "An aside.", "/load " + file, QUESTION);
        assertThat(second.notes).anyMatch(n -> n.startsWith("Loaded 27 tokens; they are read again"));
        assertThat(second.replies.getLast()).contains("4821");
        assertThat(second.statusLines.getLast()).startsWith("56 of");
    }

    @Test
    void filesThatAreNoConversationsAreLeftAlone() throws IOException {
        Path notes = Files.writeString(directory.resolve("notes"), "not a chat");
        Path cut = Files.writeString(directory.resolve("cut"), "alisa-chat=1\nids=1 2 x\nread=0\n");
        Path other = Files.writeString(directory.resolve("other"),
                "alisa-chat=1\nids=1 2\nread=0\nmodel=another\nmessage.0.USER=a\n");
        ScriptedUi ui = chat(Memo.model(), FACT, "/save", "/load", "/save " + notes, "/load " + notes, "/load " + cut,
                "/load " + other, "/load " + directory.resolve("none"), "/save " + directory.resolve("no/where"),
                QUESTION);
        assertThat(notes).hasContent("not a chat");
        assertThat(ui.notes).filteredOn(n -> n.startsWith("Say which file")).hasSize(2);
        assertThat(ui.notes).anyMatch(n -> n.contains("is no saved conversation; choose another name"))
                .filteredOn(n -> n.contains("is no saved conversation; choose a file that /save wrote")).hasSize(2);
        assertThat(ui.notes).anyMatch(n -> n.contains("was said with another"))
                .anyMatch(n -> n.startsWith("There is no file"))
                .anyMatch(n -> n.contains("can't be written"));
        assertThat(ui.replies.getLast()).as("the conversation at hand goes on").contains("4821");
    }

    /** Else each message after it would fail. */
    @ParameterizedTest
    @ValueSource(strings = {"999999999", "-7", "2048"})
    void tokensThatTheModelDoesNotKnowAreRefused(String id) throws IOException {
        Path file = directory.resolve("changed");
        chat(Memo.model(), FACT, "/save " + file);
        Files.writeString(file, Files.readString(file).replaceFirst("ids=\\d+", "ids=" + id));
        ScriptedUi ui = chat(Memo.model(), FACT, "/load " + file, QUESTION);
        assertThat(ui.notes).anyMatch(n -> n.contains("tokens that the model does not know"));
        assertThat(ui.replies.getLast()).as("the conversation at hand goes on").contains("4821");
    }

    @Test
    void tokensOfNoMessageAreRefused() throws IOException {
        Path file = directory.resolve("changed");
        chat(Memo.model(), FACT, "/save " + file);
        Files.write(file, Files.readAllLines(file).stream().filter(line -> !line.startsWith("message.")).toList());
        ScriptedUi ui = chat(Memo.model(), FACT, "/load " + file, QUESTION);
        assertThat(ui.notes).anyMatch(n -> n.contains("is no saved conversation; choose a file that /save wrote"));
        assertThat(ui.replies.getLast()).contains("4821");
    }

    /** It appeared beside a conversation that was saved without what was read. */
    @Test
    void aFileThatCameLaterIsLeftAloneToo() throws IOException {
        Path file = directory.resolve("talk");
        chat(Memo.model(), FACT, "/save " + file);
        assertThat(file).exists();
        Path other = Files.writeString(directory.resolve("talk.kv"), "of another program");
        ScriptedUi ui = chat(Memo.model(), FACT, "/save " + file);
        assertThat(ui.notes).anyMatch(n -> n.startsWith("'" + other + "' is there already"));
        assertThat(other).hasContent("of another program");
    }

    /** The plugin would write what was read there. */
    @Test
    void aFileBesideTheConversationsIsLeftAloneToo() throws IOException {
        Path file = directory.resolve("video");
        Path other = Files.writeString(directory.resolve("video.kv"), "of another program");
        ScriptedUi ui = chat(Memo.model(), FACT, "/save " + file);
        assertThat(ui.notes).anyMatch(n -> n.startsWith("'" + other + "' is there already")
                && n.contains("choose another name"));
        assertThat(file).doesNotExist();
        assertThat(other).hasContent("of another program");
    }

    @Test
    void filesThatCannotBeReadAreOneSentence() throws IOException {
        Path binary = Files.write(directory.resolve("binary"), new byte[]{(byte) 0xC3, 0x28});
        Path empty = Files.createFile(directory.resolve("empty"));
        Path huge = directory.resolve("huge");
        try (RandomAccessFile file = new RandomAccessFile(huge.toFile(), "rw")) {
            file.setLength(3L << 30); // more than a string holds, and nothing of it on the disk
        }
        ScriptedUi ui = chat(Memo.model(), "/read", "/read " + directory.resolve("none"), "/read " + binary,
                "/read " + empty, "/read " + directory, "/read a\0b", "/read " + huge);
        assertThat(ui.notes).anyMatch(n -> n.startsWith("Say which file"))
                .anyMatch(n -> n.startsWith("There is no file")).anyMatch(n -> n.contains("not UTF-8"))
                .anyMatch(n -> n.contains("is empty")).anyMatch(n -> n.contains("cannot be read"))
                .anyMatch(n -> n.contains("is no name of a file")).anyMatch(n -> n.contains("is too large"))
                .noneMatch(n -> n.startsWith("That failed"));
    }

    @Test
    void commandsThatCannotBeDoneSayWhy() {
        ScriptedUi ui = chat(Memo.model(), "/host", "/nonsense", "/new old", "/help", "/explain", FACT,
                "/host",
                "/quit", "never said");
        assertThat(ui.notes).anyMatch(n -> n.startsWith("There is no turn to repeat"))
                .anyMatch(n -> n.startsWith("There is no command /nonsense"))
                .anyMatch(n -> n.startsWith("Say /new")).anyMatch(n -> n.contains("nothing to compare"));
        assertThat(ui.shown.getFirst()).contains(Commands.NAMES);
        assertThat(ui.shown.getLast()).isEqualTo(PluginView.INACTIVE);
        assertThat(ui.replies).hasSize(1);
    }

    /** What a pipe's exit code says. */
    @Test
    void remembersWhetherAllWasDone() {
        assertThat(run(FACT, "/stats", "/new")).isTrue();
        assertThat(run("one two three ".repeat(3000), FACT)).isFalse();
        assertThat(run("/nonsense")).isFalse();
    }

    private static boolean run(String... lines) {
        return new ChatLoop(Memo.model(), ModelOptions.of(Memo.DIRECTORY), null, Sampling.greedy(40),
                new ScriptedUi(lines)).run();
    }

    @Test
    void comparingNeedsTemperatureZero() {
        ScriptedUi ui = new ScriptedUi(FACT, "/host");
        new ChatLoop(Memo.model(), ModelOptions.of(Memo.DIRECTORY), null,
                new Sampling(1, new SplittableRandom(1), 3), ui).run();
        assertThat(ui.notes).anyMatch(n -> n.contains("--temperature 0"));
    }

    @Test
    void aPathIsNoCommand() {
        assertThat(Commands.isCommand("/etc/hosts is a file")).isFalse();
        assertThat(Commands.isCommand("/help")).isTrue();
        assertThat(Commands.isCommand("/read a b")).isTrue();
        assertThat(Commands.isCommand("half/half")).isFalse();
    }

    private static ScriptedUi chat(LoadedModel model, String... lines) {
        ScriptedUi ui = new ScriptedUi(lines);
        new ChatLoop(model, ModelOptions.of(Memo.DIRECTORY), null, Sampling.greedy(40), ui).run();
        return ui;
    }
}
