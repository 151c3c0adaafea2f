package io.alisa.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.github.tjake.jlama.safetensors.prompt.PromptSupport;

/**
 * The model's own chat template, rendered by the host.
 *
 * <p>What is rendered are placeholders, filled in afterwards: the host's template engine would evaluate braces in a
 * message, and the place where the last reply ends can be told only if the reply is known to be in the text verbatim.
 */
final class ChatTemplate implements PromptFormat {
    private static final Pattern SLOT = Pattern.compile("Slot(\\d+)OfThisChat");

    private final PromptSupport support;
    private final boolean foldsSystem;

    private ChatTemplate(PromptSupport support, boolean foldsSystem) {
        this.support = support;
        this.foldsSystem = foldsSystem;
    }

    /** The model's template; empty if there is none or the host cannot render it. */
    static Optional<ChatTemplate> of(Optional<PromptSupport> support, String source) {
        // Templates that refuse the role raise an exception, which the host ignores.
        boolean refusesSystem = source.toLowerCase(Locale.ROOT)
                .contains("system role not supported");
        return support.map(s -> new ChatTemplate(s, refusesSystem)).filter(ChatTemplate::renders);
    }

    @Override
    public String whole(List<Message> messages) {
        List<Message> folded = fold(messages);
        return fill(skeleton(folded, true), folded);
    }

    @Override
    public Optional<String> continuation(List<Message> history, Message next) {
        List<Message> all = new ArrayList<>(history);
        all.add(next);
        List<Message> folded = fold(all);
        int reply = folded.size() - 2;
        String read = skeleton(folded.subList(0, reply), true);
        String now = skeleton(folded, true);
        if (!now.startsWith(read)) {
            return Optional.empty();
        }
        String rest = now.substring(read.length()).stripLeading();
        return rest.startsWith(slot(reply))
                ? Optional.of(fill(rest.substring(slot(reply).length()), folded))
                : Optional.empty();
    }

    @Override
    public String replyEnd() {
        String text = skeleton(List.of(Message.user(""), Message.assistant("")), false);
        int reply = text.indexOf(slot(1));
        return reply < 0 ? "" : text.substring(reply + slot(1).length());
    }

    @Override
    public boolean trimsReplies() {
        return true;
    }

    private boolean renders() {
        try {
            String text = skeleton(List.of(Message.user(""), Message.assistant(""), Message.user("")), true);
            return text.contains(slot(0)) && text.contains(slot(2));
        } catch (RuntimeException e) {
            return false;
        }
    }

    private List<Message> fold(List<Message> messages) {
        if (!foldsSystem || messages.size() < 2 || messages.getFirst().role() != Message.Role.SYSTEM) {
            return messages;
        }
        List<Message> folded = new ArrayList<>(messages.subList(1, messages.size()));
        folded.set(0, Message.user(messages.getFirst().text() + "\n\n" + folded.getFirst().text()));
        return folded;
    }

    private String skeleton(List<Message> messages, boolean generationPrompt) {
        PromptSupport.Builder builder = support.builder().addGenerationPrompt(generationPrompt);
        for (int i = 0; i < messages.size(); i++) {
            switch (messages.get(i).role()) {
                case SYSTEM -> builder.addSystemMessage(slot(i));
                case USER -> builder.addUserMessage(slot(i));
                case ASSISTANT -> builder.addAssistantMessage(slot(i));
            }
        }
        return builder.build().getPrompt();
    }

    private static String fill(String skeleton, List<Message> messages) {
        return SLOT.matcher(skeleton)
                .replaceAll(m -> Matcher
                        .quoteReplacement(messages.get(Integer.parseInt(m.group(1))).text()));
    }

    private static String slot(int index) {
        return "Slot" + index + "OfThisChat";
    }
}
