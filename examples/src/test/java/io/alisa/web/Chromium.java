package io.alisa.web;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** A headless Chromium with one tab, driven by the DevTools protocol. */
final class Chromium implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern LISTENING = Pattern.compile("DevTools listening on ws://([^/]+)/.*");
    private static final int SECONDS_TO_WAIT = 60;

    private final Process process;
    private final HttpClient client = HttpClient.newHttpClient();
    private final WebSocket tab;
    private final AtomicInteger ids = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();

    private Chromium(Process process, String address) throws IOException, InterruptedException {
        this.process = process;
        HttpRequest open = HttpRequest.newBuilder(URI.create("http://" + address + "/json/new?about:blank"))
                .PUT(HttpRequest.BodyPublishers.noBody()).build();
        String made = client.send(open, BodyHandlers.ofString()).body();
        tab = client.newWebSocketBuilder().buildAsync(
                URI.create(JSON.readTree(made).get("webSocketDebuggerUrl").asText()), new Listener()).join();
        call("Runtime.enable", Map.of());
        call("Log.enable", Map.of());
        call("Page.enable", Map.of());
    }

    /** Starts it; where the machine lacks a library it needs, the exception says which. */
    static Chromium start(Path binary, Path profile) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(binary.toString(), "--headless", "--no-sandbox", "--no-zygote",
                "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0",
                "--user-data-dir=" + Files.createDirectories(profile), "about:blank").redirectErrorStream(true).start();
        var _ = process.onExit().orTimeout(10, TimeUnit.MINUTES).exceptionally(late -> process.destroyForcibly());
        StringBuilder said = new StringBuilder();
        BufferedReader output = process.inputReader();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher listening = LISTENING.matcher(line);
            if (listening.matches()) {
                Thread.ofVirtual().start(() -> output.lines().forEach(more -> {
                })); // or it would stop when the pipe is full
                try {
                    return new Chromium(process, listening.group(1));
                } catch (IOException | InterruptedException | RuntimeException e) {
                    process.destroyForcibly();
                    throw e;
                }
            }
            said.append(line).append('\n');
        }
        throw new IOException("The browser does not start here:\n" + said);
    }

    /** Exceptions nobody caught, errors on the console, and what the page's security policy refused. */
    List<String> complaints() {
        return complaints;
    }

    void open(String address) {
        call("Page.navigate", Map.of("url", address));
        waitFor("document.readyState === 'complete'");
    }

    /** The value of a JavaScript expression. */
    JsonNode evaluate(String expression) {
        JsonNode result = call("Runtime.evaluate",
                Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
        if (result.has("exceptionDetails")) {
            throw new AssertionError(expression + ": " + result.get("exceptionDetails"));
        }
        return result.get("result").path("value");
    }

    String text(String selector) {
        return evaluate("document.querySelector('" + selector + "').innerText").asText();
    }

    /** Waits until an expression is true. */
    void waitFor(String condition) {
        evaluate("new Promise(done => { const look = () => (" + condition
                + ") ? done(true) : setTimeout(look, 20); look(); })");
    }

    /** Types into what has the focus, as a keyboard does. */
    void type(String text) {
        call("Input.insertText", Map.of("text", text));
    }

    void press(String key, int code) {
        for (String kind : List.of("keyDown", "keyUp")) {
            call("Input.dispatchKeyEvent", Map.of("type", kind, "key", key, "code", key, "windowsVirtualKeyCode", code,
                    "text", kind.equals("keyDown") ? "\r" : ""));
        }
    }

    void size(int width, int height, boolean phone) {
        call("Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", phone ? 2 : 1, "mobile", phone));
    }

    void colours(String scheme) {
        call("Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    void picture(Path file) throws IOException {
        Files.write(file, Base64.getDecoder()
                .decode(call("Page.captureScreenshot", Map.of("format", "png")).get("data").asText()));
    }

    private JsonNode call(String method, Map<String, ?> parameters) {
        int id = ids.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        waiting.put(id, answer);
        tab.sendText(JSON.valueToTree(Map.of("id", id, "method", method, "params", parameters)).toString(), true)
                .join();
        JsonNode message = answer.orTimeout(SECONDS_TO_WAIT, TimeUnit.SECONDS).join();
        if (message.has("error")) {
            throw new AssertionError(method + ": " + message.get("error"));
        }
        return message.get("result");
    }

    private void receive(String text) throws IOException {
        JsonNode message = JSON.readTree(text);
        if (message.has("id")) {
            Objects.requireNonNull(waiting.remove(message.get("id").asInt())).complete(message);
            return;
        }
        JsonNode parameters = message.path("params");
        switch (message.path("method").asText()) {
            case "Runtime.exceptionThrown" -> complaints.add(parameters.path("exceptionDetails").toString());
            case "Log.entryAdded" -> {
                if (parameters.path("entry").path("level").asText().equals("error")) {
                    complaints.add(parameters.path("entry").path("text").asText());
                }
            }
            default -> {
                // nothing we asked for
            }
        }
    }

    @Override
    public void close() {
        tab.abort();
        client.close();
        process.destroy();
        process.onExit().join();
    }

    /** Puts the pieces of messages together. */
    private final class Listener implements WebSocket.Listener {
        private final StringBuilder message = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            message.append(data);
            if (last) {
                try {
                    receive(message.toString());
                } catch (IOException e) {
                    complaints.add(e.toString());
                }
                message.setLength(0);
            }
            socket.request(1);
            return CompletableFuture.completedStage(null);
        }
    }
}
