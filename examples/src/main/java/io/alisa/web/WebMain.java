package io.alisa.web;

import java.io.IOException;
import java.net.InetSocketAddress;

import io.alisa.chat.Arguments;
import io.alisa.chat.LoadedModel;
import io.alisa.chat.ModelLoader;
import io.alisa.chat.UserError;
import picocli.CommandLine;

/** Starts the page and says where it is. Exit code 2 with one sentence on the error output where that fails. */
public final class WebMain {
    private static final int FAILED = 2;

    private WebMain() {
    }

    /**
     * Runs until it is interrupted.
     *
     * @param args see {@code --help}
     */
    public static void main(String[] args) {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // else tokens wait to be sent together
        WebOptions options = new WebOptions();
        try {
            CommandLine command = Arguments.parse(options, args);
            if (CommandLine.printHelpIfRequested(command.getParseResult())) {
                return;
            }
            start(options);
        } catch (UserError e) {
            fail(e.sentence());
        } catch (IOException | RuntimeException | OutOfMemoryError | LinkageError e) {
            fail("The page failed: " + ModelLoader.rootCause(e) + " (" + e.getClass().getSimpleName() + ")");
        }
    }

    private static void start(WebOptions options) throws IOException {
        if (options.maxTokens() < 1 || options.maxConversations() < 1) {
            throw new UserError("--max-tokens and --max-conversations must be at least 1");
        }
        if (options.port() < 0 || options.port() > 0xFFFF) {
            throw new UserError("--port must be between 0 and 65535, not " + options.port());
        }
        InetSocketAddress address = new InetSocketAddress(options.address(), options.port());
        if (address.isUnresolved()) {
            throw new UserError("--address " + options.address() + " is no address of this machine");
        }
        LoadedModel model = ModelLoader.load(options.model());
        WebServer server;
        try {
            server = WebServer.start(address,
                    new Conversations(model, options.maxTokens(), options.maxConversations()));
        } catch (IOException e) {
            throw new UserError("Can't listen at " + options.address() + ", port " + options.port() + " ("
                    + e.getMessage() + "); choose another with --address and --port, or stop what is running there", e);
        }
        System.out.println(model.describe() + ": " + url(options.address(), server.port()));
    }

    /** An IPv6 address has brackets in it. */
    static String url(String address, int port) {
        boolean bare = address.contains(":") && !address.startsWith("[");
        return "http://" + (bare ? "[" + address + "]" : address) + ":" + port + "/";
    }

    private static void fail(String sentence) {
        System.err.println(sentence);
        System.exit(FAILED);
    }
}
