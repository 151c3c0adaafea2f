package io.alisa.web;

import io.alisa.chat.Conversation;
import io.alisa.chat.ReplyListener;
import io.alisa.chat.Turn;

/** Watches one message from the moment it is sent. */
interface SpeakerListener extends ReplyListener {
    /** Another conversation is speaking; this one has to wait. Said again and again while it does. */
    void onWait();

    /** It is this conversation's turn. */
    void onFloor(Conversation conversation);

    /** The reply is complete, and nobody else speaks yet. */
    void onEnd(Turn turn);
}
