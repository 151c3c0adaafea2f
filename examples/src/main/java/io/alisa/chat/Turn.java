package io.alisa.chat;

/**
 * One message and its reply, as it ran.
 *
 * @param promptStart  where the message's tokens begin in the context
 * @param promptEnd    where they end and the reply begins
 * @param replyIds     all tokens the model chose, the one that ended the reply included
 * @param prefill      what was read before the reply began: the message and what an earlier turn left over
 * @param decode       what was written
 */
public record Turn(String text, int promptStart, int promptEnd, TokenList replyIds, Finish finish, Speed prefill,
        Speed decode) {
    /** Why a reply ended. */
    public enum Finish {
        END_TOKEN, MAX_TOKENS, CONTEXT_FULL, STOPPED
    }

    /** So many tokens in so much time. */
    public record Speed(int tokens, long nanos) {
        public double perSecond() {
            return nanos == 0 ? 0 : tokens * 1e9 / nanos;
        }
    }
}
