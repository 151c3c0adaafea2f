package io.alisa.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page as a user has it: a real browser, the packaged server, the plugin. Pictures are left in target/browser. */
class BrowserIT {
    private static final Path PICTURES = Path.of("target", "browser");
    private static final String DONE = "[...document.querySelectorAll('.note')].filter("
            + "n => n.textContent.includes('tokens per second')).length === ";

    @TempDir
    private Path profile = Path.of("");
    private Chromium browser;
    private PageProcess page;

    @BeforeEach
    void open() throws IOException, InterruptedException {
        browser = Chromium.start(ChromiumPackage.binary(), profile.resolve("profile"));
        // So little memory that the conversation below leaves it.
        page = PageProcess.start(profile,
                List.of("-Dalisa.sparse=true", "-Dalisa.memory.fast=3m", "-Dalisa.memory.slow=64m"));
        Files.createDirectories(PICTURES);
        browser.size(1100, 760, false);
        browser.colours("light");
        load();
    }

    private void load() {
        browser.open(page.address());
        browser.waitFor("document.getElementById('model').textContent.startsWith('memo')");
    }

    @AfterEach
    void close() {
        if (page != null) {
            page.close();
        }
        if (browser != null) {
            browser.close();
        }
    }

    @Test
    void aConversation() throws IOException {
        say("Remember this: The gate code of Alice is 4821.");
        browser.waitFor(DONE + 1);
        say("What is the gate code of Alice?");
        browser.waitFor(DONE + 2);
        assertThat(browser.evaluate("[...document.querySelectorAll('.message:not(.note)')].map(m => m.textContent)"))
                .extracting(node -> node.asText()).containsExactly("Remember this: The gate code of Alice is 4821.",
                        "Noted.", "What is the gate code of Alice?", "The gate code of Alice is 4821.");
        assertThat(browser.text("#phase")).isEqualTo("I");
        assertThat(browser.text("#fast")).endsWith("iB");
        assertThat(browser.text("#tokens")).isEqualTo("56 of 4,090 tokens");
        assertThat(browser.text("#details")).contains("sparse");
        assertThat(browser.evaluate("document.querySelectorAll('#memory polygon').length").asInt()).isEqualTo(2);
        browser.picture(PICTURES.resolve("short.png"));
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void theConversationOutlivesLoadingThePageAgain() throws IOException {
        say("Remember this: The gate code of Alice is 4821.");
        browser.waitFor(DONE + 1);
        load();
        assertThat(browser.text("#tokens")).isEqualTo("27 of 4,090 tokens");
        say("What is the gate code of Alice?");
        browser.waitFor(DONE + 2);
        assertThat(browser.evaluate("[...document.querySelectorAll('.message:not(.note)')].map(m => m.textContent)"))
                .extracting(node -> node.asText()).containsExactly("Remember this: The gate code of Alice is 4821.",
                        "Noted.", "What is the gate code of Alice?", "The gate code of Alice is 4821.");
        assertThat(browser.text("#tokens")).isEqualTo("56 of 4,090 tokens");
        assertThat(browser.complaints()).isEmpty();

        browser.evaluate("fetch('/conversations/' + conversation, {method: 'DELETE'})");
        load();
        browser.waitFor("document.getElementById('log').textContent.includes('begins a new conversation')");
        browser.waitFor("document.getElementById('tokens').textContent === '0 of 4,090 tokens'");
        assertThat(browser.text("#fast")).isEqualTo("–");
        assertThat(browser.evaluate("document.getElementById('used').style.width").asText()).isEqualTo("0px");
        assertThat(browser.evaluate("document.querySelectorAll('#memory polygon').length").asInt()).isZero();
        say("What is the gate code of Alice?");
        browser.waitFor(DONE + 3);
        assertThat(
                browser.evaluate("[...document.querySelectorAll('.message:not(.note)')].at(-1).textContent").asText())
                .isNotEmpty().doesNotContain("4821");

        browser.evaluate("keep()"); // as it does when it is left for another page
        browser.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))");
        assertThat(browser.evaluate("sessionStorage.length").asInt()).as("a page come back to keeps nothing").isZero();
        browser.evaluate("keep()");
        browser.evaluate("document.getElementById('new').click()");
        load();
        assertThat(browser.evaluate("document.querySelectorAll('.message').length").asInt()).isZero();
    }

    @Test
    void drawsTheTiersOfALongConversation() throws IOException {
        for (int turn = 1; turn <= 2; turn++) {
            say("Remember this: The lamp is in the cellar. The pet of Bob is a raven. ".repeat(40));
            browser.waitFor(DONE + turn);
        }
        assertThat(browser.text("#phase")).isEqualTo("II");
        assertThat(browser.text("#slow")).endsWith("iB").isNotEqualTo("0 B");
        browser.picture(PICTURES.resolve("light.png"));
        String light = background();
        browser.colours("dark");
        assertThat(background()).isNotEqualTo(light);
        browser.picture(PICTURES.resolve("dark.png"));
        browser.size(390, 844, true);
        assertThat(browser.evaluate("document.documentElement.scrollWidth <= innerWidth").asBoolean())
                .as("nothing sticks out on a phone").isTrue();
        browser.picture(PICTURES.resolve("phone.png"));
        browser.evaluate("document.getElementById('more').click()");
        browser.picture(PICTURES.resolve("phone-figures.png"));
        assertThat(browser.evaluate("""
                (async () => {
                  const real = draw;
                  let drawn = 0;
                  draw = () => { drawn++; real(); };
                  keep();
                  await resume();
                  return drawn;
                })()""").asInt()).as("all points at once where the page is loaded again").isEqualTo(1);
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void errorsAreShownAndNothingTypedIsLost() throws IOException {
        String tooLong = "one two three ".repeat(3000).strip();
        say(tooLong);
        browser.waitFor("document.querySelector('[role=alert]')");
        assertThat(browser.text("[role=alert]")).contains("the model's context holds 4,090");
        assertThat(browser.evaluate("document.getElementById('text').value").asText()).isEqualTo(tooLong);
        page.close();
        browser.evaluate("document.getElementById('text').value = 'Are you there?'");
        browser.press("Enter", 13);
        browser.waitFor("document.querySelectorAll('[role=alert]').length === 2");
        assertThat(browser.evaluate("document.querySelectorAll('[role=alert]')[1].textContent").asText())
                .contains("Is it still running?");
        browser.picture(PICTURES.resolve("error.png"));
    }

    private void say(String text) {
        browser.evaluate("document.getElementById('text').focus()");
        browser.type(text);
        browser.press("Enter", 13);
    }

    private String background() {
        return browser.evaluate("getComputedStyle(document.body).backgroundColor").asText();
    }
}
