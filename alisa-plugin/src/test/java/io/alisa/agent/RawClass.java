package io.alisa.agent;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A class file cut into pieces by the format's own rules and not by the tool that wove it, so that pieces can be
 * compared byte for byte. Bytes are shown as hex.
 */
final class RawClass {
    /** A field or method: its attributes by name. */
    record Member(String flags, String name, String descriptor, Map<String, String> attributes) {
    }

    final String flagsAndNames;
    final List<Member> fields;
    final List<Member> methods;
    final Map<String, String> attributes;

    private final String[] texts;

    RawClass(byte[] classFile) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(classFile))) {
            String version = hex(in, 8);
            texts = new String[in.readUnsignedShort()];
            readPool(in);
            String names = hex(in, 6);
            flagsAndNames = version + names + hex(in, 2 * in.readUnsignedShort());
            fields = members(in);
            methods = members(in);
            attributes = attributes(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void readPool(DataInputStream in) throws IOException {
        for (int i = 1; i < texts.length; i++) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1 -> texts[i] = in.readUTF();
                case 7, 8, 16, 19, 20 -> in.skipNBytes(2);
                case 15 -> in.skipNBytes(3);
                case 3, 4, 9, 10, 11, 12, 17, 18 -> in.skipNBytes(4);
                case 5, 6 -> {
                    in.skipNBytes(8);
                    i = i + 1; // takes two places
                }
                default -> throw new IOException("Not a constant: " + tag);
            }
        }
    }

    private List<Member> members(DataInputStream in) throws IOException {
        List<Member> members = new ArrayList<>();
        int count = in.readUnsignedShort();
        for (int i = 0; i < count; i++) {
            members.add(new Member(hex(in, 2), text(in), text(in), attributes(in)));
        }
        return members;
    }

    private Map<String, String> attributes(DataInputStream in) throws IOException {
        Map<String, String> attributes = new LinkedHashMap<>();
        int count = in.readUnsignedShort();
        for (int i = 0; i < count; i++) {
            attributes.put(text(in), hex(in, in.readInt()));
        }
        return attributes;
    }

    private String text(DataInputStream in) throws IOException {
        return texts[in.readUnsignedShort()];
    }

    private static String hex(DataInputStream in, int bytes) throws IOException {
        return HexFormat.of().formatHex(in.readNBytes(bytes));
    }
}
