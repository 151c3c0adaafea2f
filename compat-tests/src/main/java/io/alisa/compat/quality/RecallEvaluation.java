package io.alisa.compat.quality;

import java.util.ArrayList;
import java.util.List;

import io.alisa.compat.quality.Facts.Fact;

/**
 * Asks for facts that were told earlier. Everything up to the first question is read densely, as every prompt is; the
 * questions go in token by token, so that the setting is in force while they are read as well as answered. With the
 * questions in the prompt, the dense reading alone would find the facts, whatever the policy.
 */
final class RecallEvaluation {
    /** Longer than any right answer. */
    private static final int LONGEST_ANSWER = 24;

    private final TrainedModel model;
    private final boolean verify;
    private final int end;

    RecallEvaluation(TrainedModel model, boolean verify) {
        this.model = model;
        this.verify = verify;
        this.end = model.encode(Turns.END)[0];
    }

    RecallResult run(Setting setting, List<Conversation> conversations) {
        setting.apply();
        List<Boolean> right = new ArrayList<>();
        for (Conversation conversation : conversations) {
            try (Session session = model.open()) {
                session.read(conversation.prompt());
                for (Fact fact : conversation.facts()) {
                    right.add(answer(session, fact).equals(fact.statement()));
                }
                session.attended(setting, verify);
            }
        }
        return new RecallResult(setting, conversations.get(0).distance(), right);
    }

    private String answer(Session session, Fact fact) {
        for (int token : model.encode(Turns.ask(fact))) {
            session.step(token);
        }
        StringBuilder answer = new StringBuilder();
        for (int i = 0; i < LONGEST_ANSWER; i++) {
            int token = LogProbabilities.best(session.logits());
            if (token == end) {
                break;
            }
            answer.append(model.text(token));
            session.step(token);
        }
        session.step(end);
        return answer.toString();
    }
}
