package io.alisa.doctor;

import java.lang.module.ModuleFinder;

import io.alisa.attention.Kernels;
import io.alisa.config.Configuration;
import io.alisa.config.Setting;

/** Whether the Vector API is there, without which the host loads no model, and how wide its vectors are. */
final class VectorChecks {
    private static final String SUBJECT = "Vector API";
    private static final String MODULE = "jdk.incubator.vector";

    private VectorChecks() {
    }

    static Check ofProcess(Configuration configuration) {
        if (ModuleLayer.boot().findModule(MODULE).isPresent()) {
            Kernels kernels = Kernels.choose(configuration.text(Setting.BACKEND));
            return kernels.remedy() == null
                    ? Check.ok(SUBJECT, kernels.kernels().name() + " kernels")
                    : Check.warn(SUBJECT, kernels.kernels().name() + " kernels", kernels.remedy());
        }
        return absent(ModuleFinder.ofSystem().find(MODULE).isPresent());
    }

    /** @param shipped whether this Java has the module, though it is not switched on here */
    static Check absent(boolean shipped) {
        return shipped
                ? Check.warn(SUBJECT, "this Java has it, switched off in this JVM",
                        "start your application with " + RuntimeChecks.VECTOR_FLAG + ", without it Jlama"
                                + " can't load a model; for the width:"
                                + " java " + RuntimeChecks.VECTOR_FLAG + " -jar alisa-plugin.jar")
                : Check.fail(SUBJECT, "this Java was built without it: Jlama can't load a model",
                        "use a full JDK 25, or jlink with " + RuntimeChecks.VECTOR_FLAG);
    }
}
