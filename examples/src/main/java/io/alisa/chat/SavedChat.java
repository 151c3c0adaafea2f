package io.alisa.chat;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.zip.CRC32C;

import org.jspecify.annotations.Nullable;

/**
 * A conversation in two files: what was said, as a properties file, and beside it, named {@code .kv}, what the model read of
 * it, which the plugin writes. Without the second one the conversation goes on all the same, and is read again.
 *
 * @param model    the model in a few words
 * @param messages all of them
 * @param ids      all tokens
 * @param read     how many of them are in the second file
 */
record SavedChat(String model, List<Message> messages, TokenList ids, int read) {
    private static final String VERSION = "alisa-chat";
    /** Ties the two files together: the end of the second one, which is a checksum of all of it, and one of the tokens. */
    private static final String KV_MARK = "kv";
    private static final String SUFFIX = ".kv";
    private static final long LARGEST = 64 << 20;
    /** Within so many bytes a saved session says that it is one. */
    private static final int HEADER = 16 << 10;

    static Path path(String name) {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new UserError("'" + name + "' is no name of a file; choose another one", e);
        }
    }

    static Path kvFile(Path file) {
        return Path.of(file + SUFFIX);
    }

    /** Writes the first file, readable by its owner only; the second one, if {@code withKv}, is there already. */
    void write(Path file, boolean withKv) throws IOException {
        Properties texts = new Properties();
        texts.setProperty(VERSION, "1");
        texts.setProperty("model", model);
        texts.setProperty("ids", ids.toString());
        texts.setProperty("read", Integer.toString(withKv ? read : 0));
        texts.setProperty(KV_MARK, withKv ? mark(kvFile(file), texts) : "");
        for (int i = 0; i < messages.size(); i++) {
            texts.setProperty("message." + i + "." + messages.get(i).role().name(), messages.get(i).text());
        }
        Path temporary = Files.createFile(file.toAbsolutePath().resolveSibling(".chat-" + UUID.randomUUID()),
                ownerOnly());
        try {
            try (Writer writer = Files.newBufferedWriter(temporary)) {
                texts.store(writer, "A conversation of the ALISA chat");
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static FileAttribute<?>[] ownerOnly() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[]{
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))}
                : new FileAttribute<?>[0];
    }

    /** Throws {@link UserError} where a file is there that is of no conversation: neither of the two may be overwritten. */
    static void refuseOthers(Path file) {
        if (Files.exists(file)) {
            try {
                read(file);
            } catch (UserError e) {
                throw new UserError("'" + file + "' is there already and is no saved conversation; choose another name",
                        e);
            }
        }
        if (Files.exists(kvFile(file)) && !(Files.exists(file) && isSession(kvFile(file)))) {
            throw new UserError("'" + kvFile(file) + "' is there already and belongs to no saved conversation;"
                    + " choose another name, or move it away");
        }
    }

    /** Whether the plugin may have written a file: also one that the conversation beside it knows nothing of yet. */
    private static boolean isSession(Path kv) {
        byte[] begin = new byte[HEADER];
        try (InputStream in = Files.newInputStream(kv)) {
            int count = in.readNBytes(begin, 0, HEADER);
            return new String(begin, 0, count, StandardCharsets.ISO_8859_1).contains("\"alisa.format\"");
        } catch (IOException e) {
            return false;
        }
    }

    static SavedChat read(Path file) {
        Properties texts = new Properties();
        try {
            if (Files.isRegularFile(file) && Files.size(file) > LARGEST) {
                throw new UserError("'" + file + "' is too large to be a saved conversation; choose another file");
            }
            try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
                texts.load(reader);
            }
        } catch (NoSuchFileException e) {
            throw new UserError("There is no file '" + file + "'", e);
        } catch (IOException | IllegalArgumentException e) {
            throw new UserError("'" + file + "' can't be read (" + e + "); choose a file that /save wrote", e);
        }
        try {
            return parse(texts);
        } catch (IllegalArgumentException e) {
            throw new UserError("'" + file + "' is no saved conversation; choose a file that /save wrote", e);
        }
    }

    private static SavedChat parse(Properties texts) {
        if (!"1".equals(texts.getProperty(VERSION))) {
            throw new IllegalArgumentException("another version");
        }
        List<Message> messages = new ArrayList<>();
        for (Message next = message(texts, 0); next != null; next = message(texts, messages.size())) {
            messages.add(next);
        }
        TokenList ids = TokenList.parse(texts.getProperty("ids", ""));
        int read = Integer.parseInt(texts.getProperty("read", ""));
        if (read < 0 || read > ids.size()) {
            throw new IllegalArgumentException("more was read than there is");
        }
        if (messages.isEmpty() && ids.size() > 0) {
            throw new IllegalArgumentException("tokens without a message");
        }
        return new SavedChat(texts.getProperty("model", ""), messages, ids, read);
    }

    private static @Nullable Message message(Properties texts, int index) {
        for (Message.Role role : Message.Role.values()) {
            String text = texts.getProperty("message." + index + "." + role.name());
            if (text != null) {
                return new Message(role, text);
            }
        }
        return null;
    }

    /** Whether the second file is the one that was written with the first. */
    static boolean hasKv(Path file) {
        Properties texts = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            texts.load(reader);
            return mark(kvFile(file), texts).equals(texts.getProperty(KV_MARK));
        } catch (IOException | IllegalArgumentException e) {
            return false;
        }
    }

    /** A saved session ends with the checksum of the checksums of all its parts. */
    private static String mark(Path kv, Properties texts) throws IOException {
        ByteBuffer end = ByteBuffer.allocate(Integer.BYTES);
        try (FileChannel channel = FileChannel.open(kv, StandardOpenOption.READ)) {
            channel.read(end, Math.max(0, channel.size() - Integer.BYTES));
        }
        CRC32C tokens = new CRC32C();
        tokens.update((texts.getProperty("ids", "") + "/" + texts.getProperty("read", ""))
                .getBytes(StandardCharsets.UTF_8));
        return Integer.toHexString(end.getInt(0)) + "." + Long.toHexString(tokens.getValue());
    }
}
