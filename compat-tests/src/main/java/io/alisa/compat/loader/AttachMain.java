package io.alisa.compat.loader;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.AgentLoadException;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;

/**
 * Attaches an agent to this very JVM, then runs a main class. Arguments: the agent's jar, a class that is loaded before, or
 * {@code none}; the main class, its arguments.
 */
public final class AttachMain {
    private AttachMain() {
    }

    public static void main(String[] args)
            throws ReflectiveOperationException, AttachNotSupportedException, IOException,
            AgentLoadException, AgentInitializationException {
        if (!args[1].equals("none")) {
            Class.forName(args[1]);
        }
        VirtualMachine self = VirtualMachine.attach(Long.toString(ProcessHandle.current().pid()));
        try {
            self.loadAgent(args[0]);
            self.loadAgent(args[0]); // a second time does nothing
        } finally {
            self.detach();
        }
        try {
            Class.forName(args[2]).getMethod("main", String[].class).invoke(null,
                    (Object) Arrays.copyOfRange(args, 3, args.length));
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        }
    }
}
