package io.alisa.host.jlama;

import java.lang.StackWalker.StackFrame;
import java.util.List;
import java.util.Set;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;

/** Who asks a cache object where a prompt is to begin: that tells what is expected of it. */
enum PromptCaller {
    /** Somebody who feeds tokens himself, and gets what the host would give. */
    OTHER,
    /** The host's {@code generate}. */
    GENERATE,
    /** The same for a client whose prompts tell all that belongs to them, though they all come under one id. */
    GENERATE_ALONE;

    private static final String BUFFER = KvBuffer.class.getName();
    private static final String MODEL = AbstractModel.class.getName();
    /**
     * langchain4j's models, here and in Quarkus, that draw one id when they are made. Nobody else knows it, and whatever they
     * send under it is whole: a text to complete, or all messages of a conversation. Whose it is they do not say.
     */
    private static final Set<String> ALONE = Set.of("dev.langchain4j.model.jlama.JlamaLanguageModel",
            "dev.langchain4j.model.jlama.JlamaStreamingLanguageModel",
            "dev.langchain4j.model.jlama.JlamaStreamingChatModel",
            "io.quarkiverse.langchain4j.jlama.JlamaStreamingChatModel");
    /** The host has methods that only call {@code generate}: its builder's, and those of the interface. */
    private static final String HOST = "com.github.tjake.jlama.";
    /** Frames looked at: more than the host has between its cache object and who calls {@code generate}. */
    private static final int NEAR = 16;
    private static final StackWalker WALKER = StackWalker.getInstance();

    /** Who called the cache object that this thread is in. */
    static PromptCaller now() {
        return of(WALKER.walk(frames -> frames.map(StackFrame::getClassName).dropWhile(name -> !name.equals(BUFFER))
                .dropWhile(BUFFER::equals).limit(NEAR).toList()));
    }

    /**
     * Who it is by the classes that called, the nearest first. Of the host's model only {@code generate} asks, by whatever
     * name: other agents may have moved its body. Such a client calls it itself: whoever is called by one, with a piece of
     * an answer or when it is complete, may ask something of his own.
     */
    static PromptCaller of(List<String> classes) {
        if (classes.isEmpty() || !classes.getFirst().equals(MODEL)) {
            return OTHER;
        }
        boolean alone = classes.stream().dropWhile(name -> name.startsWith(HOST)).findFirst().filter(ALONE::contains)
                .isPresent();
        return alone ? GENERATE_ALONE : GENERATE;
    }
}
