package io.alisa.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.StringEntry;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.List;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class HostCheckTest {
    private static final String ATTENTION = "com/github/tjake/jlama/model/CausalSelfAttention";
    private static final String MODEL = "com/github/tjake/jlama/model/AbstractModel";
    private static final String BUFFER = "com/github/tjake/jlama/tensor/KvBufferCache$KvBuffer";
    private static final String TENSOR = "com/github/tjake/jlama/tensor/AbstractTensor";
    private static final String ACCESS = "io/alisa/host/jlama/JlamaAccess";
    private static final ClassDesc OTHER = ClassDesc.of("java.util.BitSet");

    /** A host whose class {@code internalName} is another one. */
    private static List<String> differencesWith(String internalName, byte[] classFile) {
        HostClasses host = new HostClasses(HostCheckTest::resource);
        host.put(internalName, classFile);
        return HostCheck.differences(host, new HostClasses(HostCheckTest::resource));
    }

    private static @Nullable InputStream resource(String path) {
        return HostFiles.LOADER.getResourceAsStream(path);
    }

    private static byte[] tamper(String internalName, ClassTransform transform) {
        return ClassFile.of().transformClass(HostFiles.parse(internalName), transform);
    }

    private static ClassTransform renaming(String member) {
        return (builder, element) -> {
            if (element instanceof FieldModel field && field.fieldName().equalsString(member)) {
                builder.withField("other", field.fieldTypeSymbol(), f -> field.forEach(f::with));
            } else if (element instanceof MethodModel method && method.methodName().equalsString(member)) {
                builder.withMethod("other", method.methodTypeSymbol(), method.flags().flagsMask(),
                        m -> method.forEach(m::with));
            } else {
                builder.with(element);
            }
        };
    }

    private static ClassTransform retyping(String member) {
        return (builder, element) -> {
            if (element instanceof FieldModel field && field.fieldName().equalsString(member)) {
                builder.withField(member, OTHER, f -> field.forEach(f::with));
            } else if (element instanceof MethodModel method && method.methodName().equalsString(member)) {
                MethodTypeDesc type = method.methodTypeSymbol();
                builder.withMethod(member, type.insertParameterTypes(type.parameterCount(), OTHER),
                        method.flags().flagsMask(), m -> method.forEach(m::with));
            } else {
                builder.with(element);
            }
        };
    }

    @Test
    void theHostWeKnowHasNoDifferences() {
        assertThat(HostCheck.differences(HostCheckTest::resource)).isEmpty();
        assertThat(HostCheck.version(HostCheckTest::resource)).isEqualTo("0.8.4");
    }

    @Test
    void aRenamedFieldIsSaid() {
        assertThat(differencesWith(ATTENTION, tamper(ATTENTION, renaming("dctx")))).singleElement()
                .isEqualTo(
                        "expected CausalSelfAttention.dctx Lcom/github/tjake/jlama/model/DistributedContext;,"
                                + " found no 'dctx' in CausalSelfAttention");
    }

    @Test
    void aChangedDescriptorIsSaidWithTheOneThatIsThere() {
        assertThat(differencesWith(MODEL, tamper(MODEL, retyping("maybeQuantize")))).singleElement()
                .asString()
                .startsWith(
                        "expected AbstractModel.maybeQuantize (Lcom/github/tjake/jlama/tensor/AbstractTensor;)")
                .contains(", found (Lcom/github/tjake/jlama/tensor/AbstractTensor;Ljava/util/BitSet;)");
    }

    @Test
    void aMethodTheAdapterCallsIsMissed() {
        assertThat(differencesWith(TENSOR, tamper(TENSOR, renaming("getMemorySegment")))).singleElement()
                .asString().contains("expected AbstractTensor.getMemorySegment", ", found ");
    }

    @Test
    void aMissingClassIsSaid() {
        HostClasses host = new HostClasses(path -> path.equals(ATTENTION + ".class") ? null : resource(path));
        assertThat(HostCheck.differences(host, new HostClasses(HostCheckTest::resource)))
                .contains("expected class com.github.tjake.jlama.model.CausalSelfAttention, found none");
    }

    @Test
    void wholeHostsMayBeMissing() {
        assertThat(HostCheck.differences(path -> null)).isNotEmpty()
                .allMatch(difference -> difference.matches("expected class .+, found none"));
        assertThat(HostCheck.version(path -> null)).isEqualTo("unknown");
    }

    @ParameterizedTest
    @EnumSource
    void everyJoinPointIsChecked(JoinPoint point) {
        assertThat(differencesWith(point.owner(), tamper(point.owner(), renaming(point.method()))))
                .isNotEmpty()
                .anyMatch(difference -> difference.contains("." + point.method() + " " + point.descriptor()));
    }

    @ParameterizedTest
    @EnumSource
    void everyJoinPointNeedsABody(JoinPoint point) {
        assertThat(differencesWith(point.owner(), HostFiles.withoutBody(point))).singleElement().asString()
                .contains("." + point.method() + " " + point.descriptor() + ", found ",
                        "without a body " + point.descriptor());
    }

    @ParameterizedTest
    @EnumSource(names = "CREATED", mode = EnumSource.Mode.EXCLUDE) // a constructor can't be
    void noJoinPointMayBeStatic(JoinPoint point) {
        assertThat(differencesWith(point.owner(), HostFiles.withStatic(point))).singleElement().asString()
                .contains("." + point.method() + " " + point.descriptor() + ", found ",
                        "static " + point.descriptor());
    }

    /** The strings in the adapter's initialiser are the names it opens: field and method names, nothing else. */
    static List<String> openedNames() {
        MethodModel initialiser = HostFiles.parse(ACCESS).methods().stream()
                .filter(method -> method.methodName().equalsString("<clinit>")).findFirst().orElseThrow();
        return initialiser.code().orElseThrow().elementStream()
                .filter(ConstantInstruction.LoadConstantInstruction.class::isInstance)
                .map(element -> ((ConstantInstruction.LoadConstantInstruction) element).constantEntry())
                .filter(StringEntry.class::isInstance).map(entry -> ((StringEntry) entry).stringValue())
                .toList();
    }

    @Test
    void theAdapterOpensSomething() {
        assertThat(openedNames()).contains("dctx", "maybeQuantize").doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("openedNames")
    void everyNameTheAdapterOpensIsChecked(String name) {
        assertThat(differencesOfEither(renaming(name))).as("renamed").hasSize(1);
        assertThat(differencesOfEither(retyping(name))).as("of another type").hasSize(1);
    }

    /** The adapter opens members of these classes. */
    private static List<String> differencesOfEither(ClassTransform transform) {
        HostClasses host = new HostClasses(HostCheckTest::resource);
        List<String> opened = List.of(ATTENTION, MODEL, "com/github/tjake/jlama/model/TransformerBlock",
                BUFFER, "com/github/tjake/jlama/tensor/KvBufferCache",
                "com/github/tjake/jlama/util/PhysicalCoreExecutor");
        opened.forEach(name -> host.put(name, tamper(name, transform)));
        return HostCheck.differences(host, new HostClasses(HostCheckTest::resource)).stream()
                .filter(difference -> opened.stream().anyMatch(name -> difference
                        .startsWith("expected " + name.substring(name.lastIndexOf('/') + 1) + ".")))
                .toList();
    }
}
