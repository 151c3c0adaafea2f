package io.alisa.web;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.alisa.chat.ContextFull;
import io.alisa.chat.ModelLoader;
import io.alisa.chat.PluginView;
import io.alisa.chat.UserError;

/**
 * The page and what it asks for: {@code GET /}, {@code GET /model}, {@code POST /conversations},
 * {@code GET /conversations/ID} (whether it is still open), {@code POST /conversations/ID/messages} (answered by
 * server-sent events), {@code DELETE /conversations/ID}. {@code HEAD} is answered as {@code GET} without the body.
 */
final class WebServer implements AutoCloseable {
    /** More text than any model here can take. */
    private static final int MOST_BYTES = 1 << 20;
    private static final int NO_BODY = -1;
    private static final Pattern CONVERSATION = Pattern.compile("/conversations/([0-9a-f-]{36})(/messages)?");
    private static final String GONE = "This conversation is closed: the server was started again, or others needed its"
            + " room. Begin a new one.";
    private static final String TOO_LONG = "; shorten it, or start examples/web with a model that has a longer context"
            + " (--model).";
    private static final String FULL = "; send a shorter one, or begin a new conversation.";
    /** The page brings all it needs; nothing is loaded from anywhere, and no other site can put it into a frame. */
    private static final Map<String, String> HEADERS = Map.of("Content-Security-Policy",
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self';"
                    + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options", "nosniff", "Referrer-Policy", "no-referrer", "Cache-Control", "no-store");

    private final HttpServer server;
    private final ExecutorService threads;
    private final Conversations conversations;
    private final SameOrigin sameOrigin;
    private final byte[] page;

    private WebServer(HttpServer server, InetSocketAddress address, Conversations conversations) throws IOException {
        this.server = server;
        this.conversations = conversations;
        this.sameOrigin = new SameOrigin(address);
        this.threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "alisa-web");
            thread.setDaemon(true);
            return thread;
        });
        try (InputStream resource = WebServer.class.getResourceAsStream("chat.html")) {
            page = Objects.requireNonNull(resource, "chat.html").readAllBytes();
        }
    }

    /** Listens from now on; the JVM stays alive for it. */
    static WebServer start(InetSocketAddress address, Conversations conversations) throws IOException {
        WebServer web = new WebServer(HttpServer.create(address, 0), address, conversations);
        web.server.createContext("/", web::handle);
        web.server.setExecutor(web.threads);
        web.server.start();
        return web;
    }

    int port() {
        return server.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            HEADERS.forEach(exchange.getResponseHeaders()::set);
            if (sameOrigin.allows(exchange.getRequestHeaders())) {
                route(exchange);
            } else {
                answer(exchange, 403, error("Only the page of this server may ask it, at the address that it printed;"
                        + " for another name start it with --address NAME."));
            }
        } catch (RuntimeException e) {
            System.err.println("The page's request failed: " + e);
        }
    }

    private void route(HttpExchange exchange) throws IOException {
        String asked = (isHead(exchange) ? "GET" : exchange.getRequestMethod()) + " "
                + exchange.getRequestURI().getPath();
        Matcher conversation = CONVERSATION.matcher(exchange.getRequestURI().getPath());
        if (asked.equals("GET /")) {
            exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
            answer(exchange, 200, page);
        } else if (asked.equals("POST /conversations")) {
            answer(exchange, 200, new Json().put("id", conversations.begin()));
        } else if (asked.equals("GET /model")) {
            answer(exchange, 200, new Json().put("model", conversations.model().describe())
                    .put("limit", conversations.model().contextLimit()));
        } else if (asked.startsWith("GET") && conversation.matches() && conversation.group(2) == null) {
            boolean open = conversations.isOpen(conversation.group(1));
            answer(exchange, open ? 200 : 404, open ? new Json() : error(GONE));
        } else if (asked.startsWith("POST") && conversation.matches() && conversation.group(2) != null) {
            say(exchange, conversation.group(1));
        } else if (asked.startsWith("DELETE") && conversation.matches() && conversation.group(2) == null) {
            conversations.end(conversation.group(1));
            answer(exchange, 200, new Json());
        } else {
            answer(exchange, 404, error("There is nothing here."));
        }
    }

    private void say(HttpExchange exchange, String conversation) throws IOException {
        byte[] message = exchange.getRequestBody().readNBytes(MOST_BYTES + 1);
        if (message.length > MOST_BYTES) {
            answer(exchange, 413, error("The message is longer than a mebibyte; shorten it."));
            return;
        }
        String text = new String(message, StandardCharsets.UTF_8).strip();
        if (text.isEmpty()) {
            answer(exchange, 400, error("The message is empty; write something."));
        } else if (!conversations.isOpen(conversation)) {
            answer(exchange, 404, error(GONE));
        } else {
            exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
            exchange.sendResponseHeaders(200, 0);
            stream(new EventStream(exchange.getResponseBody()), conversation, text);
        }
    }

    private void stream(EventStream events, String conversation, String text) {
        try {
            if (conversations.say(conversation, text, new Speaker(events)).isEmpty()) {
                events.send("error", error(GONE).toString());
            } else if (PluginView.lastSession().isEmpty()) {
                events.send("note", new Json().put("text", PluginView.inactive("examples/web")).toString());
            }
        } catch (ContextFull e) {
            events.send("error", error(e.sentence() + (e.isTooLongForAny() ? TOO_LONG : FULL)).toString());
        } catch (UserError e) {
            events.send("error", error(e.sentence()).toString());
        } catch (RuntimeException | OutOfMemoryError e) {
            events.send("error", error("That failed: " + ModelLoader.rootCause(e)
                    + ". The conversation is kept and will be read again with the next message.").toString());
        }
    }

    private static Json error(String sentence) {
        return new Json().put("error", sentence);
    }

    private static void answer(HttpExchange exchange, int status, Json json) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json; charset=utf-8");
        answer(exchange, status, json.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        if (isHead(exchange)) { // the length a GET would be told; the server warns where it is handed one itself
            exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
            exchange.sendResponseHeaders(status, NO_BODY);
        } else {
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private static boolean isHead(HttpExchange exchange) {
        return exchange.getRequestMethod().equals("HEAD");
    }

    /** Stops listening and gives up what is being said. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
