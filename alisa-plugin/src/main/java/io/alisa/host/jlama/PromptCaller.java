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
    /** The same for a client whose prompts have nothing to do with each other, though they all come under one id. */
    GENERATE_ALONE;

    private static final String BUFFER = KvBuffer.class.getName();
    private static final String MODEL = AbstractModel.class.getName();
    /** langchain4j's models for texts: each draws one id when it is made, and promises nothing but to complete a prompt. */
    private static final Set<String> ALONE = Set.of("dev.langchain4j.model.jlama.JlamaLanguageModel",
            "dev.langchain4j.model.jlama.JlamaStreamingLanguageModel");
    /** Frames between {@code generate} and such a client, at most. */
    private static final int NEAR = 6;
    private static final StackWalker WALKER = StackWalker.getInstance();

    /** Who called the cache object that this thread is in. */
    static PromptCaller now() {
        return of(WALKER.walk(frames -> frames.map(StackFrame::getClassName).dropWhile(name -> !name.equals(BUFFER))
                .dropWhile(BUFFER::equals).limit(NEAR).toList()));
    }

    /**
     * Who it is by the classes that called, the nearest first. Of the host's model only {@code generate} asks, by whatever
     * name: other agents may have moved its body.
     */
    static PromptCaller of(List<String> classes) {
        if (classes.isEmpty() || !classes.getFirst().equals(MODEL)) {
            return OTHER;
        }
        return classes.stream().anyMatch(ALONE::contains) ? GENERATE_ALONE : GENERATE;
    }

    /** Whether this thread is somewhere in {@code generate}. */
    static boolean isGenerating() {
        return WALKER.walk(frames -> frames.anyMatch(
                frame -> frame.getMethodName().equals("generate") && frame.getClassName().equals(MODEL)));
    }
}
