package io.alisa.compat.clients;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.langchain4j.rag.query.Query;

/** Finds the sentences that share most words with the question: no model for embeddings, no download. */
final class KeywordRetriever implements ContentRetriever {
    private static final Pattern NO_LETTERS = Pattern.compile("\\P{L}+");

    private final List<String> sentences;
    private final int most;

    KeywordRetriever(List<String> sentences, int most) {
        this.sentences = List.copyOf(sentences);
        this.most = most;
    }

    @Override
    public List<Content> retrieve(Query query) {
        Set<String> wanted = words(query.text());
        return sentences.stream().filter(sentence -> shared(sentence, wanted) > 0)
                .sorted(Comparator.comparingLong((String sentence) -> shared(sentence, wanted)).reversed())
                .limit(most).map(Content::from).toList();
    }

    private static long shared(String sentence, Set<String> wanted) {
        return words(sentence).stream().filter(wanted::contains).count();
    }

    /** Words of four letters and more: the others say little. */
    private static Set<String> words(String text) {
        return Arrays.stream(NO_LETTERS.split(text.toLowerCase(Locale.ROOT))).filter(word -> word.length() > 3)
                .collect(Collectors.toSet());
    }
}
