package io.alisa.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.Headers;
import io.alisa.chat.LoadedModel;
import io.alisa.chat.Memo;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the page asks the server, without a browser. */
class WebServerTest {
    private static final LoadedModel MODEL = Memo.model();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Logger SERVER_LOG = Logger.getLogger("com.sun.net.httpserver");

    private final HttpClient client = HttpClient.newHttpClient();
    private WebServer server;

    /** An event as it came: its name and its data. */
    private record Event(String name, JsonNode data) {
    }

    @BeforeEach
    void start() throws IOException {
        server = serve(MODEL);
    }

    private void restart(LoadedModel model) throws IOException {
        server.close();
        server = serve(model);
    }

    private static WebServer serve(LoadedModel model) throws IOException {
        return WebServer.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Conversations(model, 200, 3));
    }

    @AfterEach
    void stop() {
        server.close();
        client.close();
    }

    @Test
    void thePageBringsAllItNeeds() throws Exception {
        HttpResponse<String> page = client.send(request("/").GET().build(), BodyHandlers.ofString());
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Security-Policy")).hasValueSatisfying(
                policy -> assertThat(policy).startsWith("default-src 'none'"));
        Matcher links = Pattern.compile("(?:src|href)\\s*=\\s*\"([^\"]*)\"|url\\(([^)]*)\\)|import\\s")
                .matcher(page.body());
        assertThat(links.results().map(link -> link.group(1))).containsOnly("data:,");
        assertThat(page.body()).doesNotContain("innerHTML").contains("prefers-color-scheme", "width=device-width");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/model", "/elsewhere"})
    void headIsAnsweredAsGetWithoutTheBody(String path) throws Exception {
        List<String> logged = Collections.synchronizedList(new ArrayList<>());
        SERVER_LOG.setFilter(entry -> logged.add(entry.getMessage()));
        try {
            HttpResponse<String> head = client.send(request(path).HEAD().build(), BodyHandlers.ofString());
            HttpResponse<String> get = get(path);
            assertThat(head.statusCode()).isEqualTo(get.statusCode());
            assertThat(head.body()).isEmpty();
            assertThat(List.of("Content-Type", "Content-Length")).allSatisfy(
                    name -> assertThat(head.headers().allValues(name)).isEqualTo(get.headers().allValues(name)));
            assertThat(logged).isEmpty();
        } finally {
            SERVER_LOG.setFilter(null);
        }
    }

    @Test
    void conversationsOfTwoUsersStayApart() throws Exception {
        String alice = begin();
        String bob = begin();
        assertThat(reply(say(alice, "Remember this: The gate code of Alice is 4821."))).isEqualTo("Noted.");
        assertThat(reply(say(bob, "Remember this: The gate code of Alice is 1357."))).isNotEmpty();
        assertThat(reply(say(alice, "What is the gate code of Alice?"))).isEqualTo("The gate code of Alice is 4821.");
        assertThat(reply(say(bob, "What is the gate code of Alice?"))).isEqualTo("The gate code of Alice is 1357.");
    }

    @Test
    void figuresComeWithTheText() throws Exception {
        List<Event> events = say(begin(), "Remember this: The pet of Bob is a raven.");
        assertThat(events).extracting(Event::name).startsWith("read").contains("text", "figures")
                .endsWith("end", "note"); // no agent in this JVM, which is said
        JsonNode last = events.stream().filter(event -> event.name.equals("figures")).toList().getLast().data;
        JsonNode end = events.get(events.size() - 2).data;
        assertThat(last.get("limit").asInt()).isEqualTo(MODEL.contextLimit());
        assertThat(last.get("tokens").asInt())
                .isEqualTo(end.get("readTokens").asInt() + end.get("writtenTokens").asInt());
        assertThat(end.get("finish").asText()).isEqualTo("END_TOKEN");
        assertThat(events.getLast().data.get("text").asText()).contains("start with examples/web")
                .doesNotContain("examples/chat");
    }

    @Test
    void aMessageThatDoesNotFitIsRefusedAndTheConversationGoesOn() throws Exception {
        String name = begin();
        List<Event> refused = say(name, "one two three ".repeat(3000));
        assertThat(refused).singleElement().satisfies(event -> {
            assertThat(event.name).isEqualTo("error");
            assertThat(event.data.get("error").asText()).contains("the model's context holds 4,090",
                    "start examples/web with a model");
        });
        assertThat(reply(say(name, "Remember this: The lamp is in the cellar."))).isNotEmpty();
    }

    /** The commands of the chat are not there on the page. */
    @Test
    void aFullContextIsAnsweredByWhatCanBeDoneOnThePage() throws Exception {
        restart(Memo.withContext(64));
        String name = begin();
        say(name, "Remember this: The gate code of Alice is 4821.");
        assertThat(say(name, "one two three ".repeat(13))).singleElement()
                .satisfies(event -> assertThat(event.data.get("error").asText()).startsWith("The context is full: ")
                        .endsWith("37 of 64 are left; send a shorter one, or begin a new conversation."));
        assertThat(reply(say(name, "What is the gate code of Alice?"))).contains("4821");
    }

    @Test
    void mistakesAreAnsweredInASentence() throws Exception {
        assertThat(error("/conversations/00000000-0000-0000-0000-000000000000/messages", "Hello", 404))
                .contains("Begin a new one");
        assertThat(error("/conversations/" + begin() + "/messages", "  ", 400)).contains("empty");
        assertThat(error("/conversations/" + begin() + "/messages", "x".repeat((1 << 20) + 1), 413))
                .contains("shorten");
        assertThat(error("/elsewhere", "", 404)).contains("nothing here");
    }

    @Test
    void theOneUnusedLongestGivesWay() throws Exception {
        String first = begin();
        String second = begin();
        begin();
        say(first, "Remember this: The lamp is in the cellar.");
        begin();
        assertThat(error("/conversations/" + second + "/messages", "Hello", 404)).contains("others needed its room");
        assertThat(reply(say(first, "Where is the lamp?"))).isEqualTo("The lamp is in the cellar.");
    }

    /** A page that is loaded again asks for the conversation it had. */
    @Test
    void whetherAConversationIsOpenCanBeAsked() throws Exception {
        String name = begin();
        assertThat(get("/conversations/" + name).statusCode()).isEqualTo(200);
        client.send(request("/conversations/" + name).DELETE().build(), BodyHandlers.discarding());
        assertThat(get("/conversations/" + name).statusCode()).isEqualTo(404);
        JsonNode model = JSON.readTree(get("/model").body());
        assertThat(model.get("model").asText()).startsWith("memo");
        assertThat(model.get("limit").asInt()).isEqualTo(MODEL.contextLimit());
    }

    /** Who goes away does not keep the others waiting until a long message is read: its rest is read when it goes on. */
    @Test
    void aReplyNobodyReadsIsGivenUp() throws Exception {
        String leaving = begin();
        InputStream events = client
                .send(message(leaving, "Tell me a story. ".repeat(400)), BodyHandlers.ofInputStream())
                .body();
        assertThat(events.readNBytes(11)).as("the first of many batches is read").asString().isEqualTo("event: read");
        events.close();
        assertThat(reply(say(begin(), "Remember this: The gate code of Alice is 4821."))).isEqualTo("Noted.");
        List<Event> goesOn = say(leaving, "Where is the lamp?");
        JsonNode end = goesOn.stream().filter(event -> event.name.equals("end")).findFirst().orElseThrow().data;
        assertThat(end.get("readTokens").asInt()).as("some batches were left unread").isGreaterThan(256);
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1:80, , true", "localhost:80, http://localhost:80, true", "[::1]:80, http://[::1]:80, true",
            "localhost, http://localhost, true", "evil.example:80, , false", "127.0.0.1.evil.example:80, , false",
            "localhost:80, http://evil.example, false", "localhost:80, http://localhost:81, false",
            "localhost:80, null, false", ", , false"})
    void onlyItsOwnPageMayAsk(@Nullable String host, @Nullable String origin, boolean allowed) {
        Headers headers = new Headers();
        if (host != null) {
            headers.set("Host", host);
        }
        if (origin != null) {
            headers.set("Origin", origin);
        }
        assertThat(new SameOrigin(new InetSocketAddress(InetAddress.getLoopbackAddress(), 80)).allows(headers))
                .isEqualTo(allowed);
    }

    @ParameterizedTest
    @CsvSource({"0.0.0.0, 192.168.1.2:80, true", "0.0.0.0, localhost:80, true", "0.0.0.0, [fe80::1]:80, true",
            "0.0.0.0, evil.example:80, false", "0.0.0.0, 1.2.3.4.evil.example:80, false",
            "127.0.0.2, 127.0.0.2:80, true", "127.0.0.2, 127.0.0.3:80, false", "::1, [::1]:80, true"})
    void whereOthersMayComeNoStrangersNameLeadsHere(String listening, String host, boolean allowed) {
        Headers headers = new Headers();
        headers.set("Host", host);
        assertThat(new SameOrigin(new InetSocketAddress(listening, 80)).allows(headers)).isEqualTo(allowed);
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, http://127.0.0.1:8642/", "localhost, http://localhost:8642/", "::1, http://[::1]:8642/",
            "[::1], http://[::1]:8642/"})
    void theAddressThatIsSaidIsOneABrowserTakes(String address, String url) {
        assertThat(WebMain.url(address, 8642)).isEqualTo(url);
    }

    @Test
    void anotherSitesPageIsTurnedAway() throws Exception {
        HttpResponse<String> response = client.send(request("/conversations").header("Origin", "http://evil.example")
                .POST(BodyPublishers.noBody()).build(), BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(403);
    }

    private String begin() throws IOException, InterruptedException {
        HttpResponse<String> begun = client.send(request("/conversations").POST(BodyPublishers.noBody()).build(),
                BodyHandlers.ofString());
        return JSON.readTree(begun.body()).get("id").asText();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(request(path).GET().build(), BodyHandlers.ofString());
    }

    private List<Event> say(String conversation, String text) throws IOException, InterruptedException {
        HttpResponse<InputStream> response = client.send(message(conversation, text), BodyHandlers.ofInputStream());
        assertThat(response.statusCode()).isEqualTo(200);
        List<Event> events = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            for (String name = lines.readLine(); name != null; name = lines.readLine()) {
                String data = Objects.requireNonNull(lines.readLine());
                assertThat(lines.readLine()).as("the line that ends an event").isEmpty();
                events.add(new Event(name.substring("event: ".length()),
                        JSON.readTree(data.substring("data: ".length()))));
            }
        }
        return events;
    }

    private static String reply(List<Event> events) {
        return events.stream().filter(event -> event.name.equals("text")).map(event -> event.data.get("text").asText())
                .reduce("", String::concat);
    }

    private String error(String path, String body, int status) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(request(path).POST(BodyPublishers.ofString(body)).build(),
                BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(status);
        return JSON.readTree(response.body()).get("error").asText();
    }

    private HttpRequest message(String conversation, String text) {
        return request("/conversations/" + conversation + "/messages").POST(BodyPublishers.ofString(text)).build();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + path));
    }
}
