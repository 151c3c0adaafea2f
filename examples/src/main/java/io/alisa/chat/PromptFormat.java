package io.alisa.chat;

import java.util.List;
import java.util.Optional;

/** How messages become the text a model reads. */
interface PromptFormat {
    /** The whole conversation, ending where the model's reply begins. */
    String whole(List<Message> messages);

    /**
     * What comes after the last reply: its end tag, the next message and the beginning of the next reply. Empty if
     * the format rewrites what the model has read already.
     *
     * @param history ends with the model's reply
     */
    Optional<String> continuation(List<Message> history, Message next);

    /** What follows a finished reply; its first token, if it is a special one, ends a reply. */
    String replyEnd();

    /** Whether blanks in front of a reply belong to the format rather than to the text. */
    boolean trimsReplies();
}
