package io.alisa.chat;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** For models without a chat template: messages are lines, and the model goes on writing. */
final class PlainText implements PromptFormat {
    @Override
    public String whole(List<Message> messages) {
        return messages.stream().map(Message::text).collect(Collectors.joining("\n"));
    }

    @Override
    public Optional<String> continuation(List<Message> history, Message next) {
        return Optional.of("\n" + next.text());
    }

    @Override
    public String replyEnd() {
        return "";
    }

    @Override
    public boolean trimsReplies() {
        return false;
    }
}
