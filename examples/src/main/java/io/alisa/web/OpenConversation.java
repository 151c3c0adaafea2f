package io.alisa.web;

import io.alisa.chat.Conversation;

/** A conversation and the line of those who want to say something in it: what is said next goes on from what was said. */
record OpenConversation(Conversation conversation, Floor line) {
    OpenConversation(Conversation conversation) {
        this(conversation, new Floor());
    }
}
