package io.alisa.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;

class ChatTemplateTest {
    private static final List<Message> HISTORY = List.of(Message.user("Hello"), Message.assistant(" Hi! "));
    private static final Message NEXT = Message.user("How are you?");

    @Test
    void theDifferenceBeginsWithTheEndOfTheReply() {
        ChatTemplate chatml = template(Templates.CHATML);
        assertThat(chatml.whole(List.of(Message.user("Hello"))))
                .isEqualTo("<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n");
        assertThat(chatml.continuation(HISTORY, NEXT)).contains(
                "<|im_end|>\n<|im_start|>user\nHow are you?<|im_end|>\n<|im_start|>assistant\n");
        assertThat(chatml.replyEnd()).isEqualTo("<|im_end|>\n");
    }

    @Test
    void blanksBetweenPromptAndReplyDoNotMatter() {
        ChatTemplate mistral = template(Templates.MISTRAL);
        assertThat(mistral.continuation(HISTORY, NEXT)).contains("</s>[INST] How are you? [/INST]");
        assertThat(mistral.replyEnd()).isEqualTo("</s>");
    }

    @Test
    void aReplyThatTheTemplateWouldTrimGoesOn() {
        assertThat(template(Templates.GEMMA).continuation(HISTORY, NEXT)).contains(
                "<end_of_turn>\n<start_of_turn>user\nHow are you?<end_of_turn>\n<start_of_turn>model\n");
    }

    @Test
    void aTemplateThatRewritesThePastHasNoContinuation() {
        ChatTemplate forgetful = template(Templates.FORGETFUL);
        assertThat(forgetful.continuation(HISTORY, NEXT)).isEmpty();
        assertThat(forgetful.whole(List.of(HISTORY.get(0), HISTORY.get(1), NEXT)))
                .isEqualTo("(Hello)( Hi! )Q: How are you? A:");
    }

    @Test
    void bracesInAMessageAreText() {
        String text = "{{ 7 * 7 }} {% if %} $1 \\ Slot0OfThisChat";
        assertThat(template(Templates.CHATML).whole(List.of(Message.user(text)))).contains(text);
    }

    @Test
    void aRefusedSystemMessageGoesBeforeTheFirst() {
        assertThat(
                template(Templates.GEMMA).whole(List.of(Message.system("Be brief."), Message.user("Hello"))))
                .isEqualTo("<start_of_turn>user\nBe brief.\n\nHello<end_of_turn>\n<start_of_turn>model\n");
        assertThat(
                template(Templates.CHATML).whole(List.of(Message.system("Be brief."), Message.user("Hello"))))
                .startsWith("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello");
    }

    @Test
    void aTemplateTheHostCannotRenderIsNone() {
        assertThat(ChatTemplate.of(Optional.of(Templates.support(Templates.BROKEN)), Templates.BROKEN))
                .isEmpty();
        assertThat(ChatTemplate.of(Optional.empty(), "")).isEmpty();
    }

    @Test
    void theMemoModelEndsItsRepliesWithItsTemplatesTag() {
        assertThat(Memo.model().format()).isInstanceOf(ChatTemplate.class);
        assertThat(Memo.model().format().replyEnd()).isEqualTo("<|end|>");
        assertThat(Memo.model().isEnd(1)).isTrue();
        assertThat(Memo.model().isEnd(2)).isFalse();
    }

    private static ChatTemplate template(String source) {
        return ChatTemplate.of(Optional.of(Templates.support(source)), source).orElseThrow();
    }
}
