package io.alisa.chat;

/** One message of a conversation. */
public record Message(Role role, String text) {
    /** Who said it. */
    public enum Role {
        SYSTEM, USER, ASSISTANT
    }

    static Message system(String text) {
        return new Message(Role.SYSTEM, text);
    }

    static Message user(String text) {
        return new Message(Role.USER, text);
    }

    static Message assistant(String text) {
        return new Message(Role.ASSISTANT, text);
    }
}
