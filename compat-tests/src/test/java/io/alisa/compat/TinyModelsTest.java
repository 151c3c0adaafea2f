package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;

import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.TinyModels;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;
import java.util.ArrayList;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random models are only good for comparing if they say different things in different contexts. */
class TinyModelsTest {
    private static final int PROMPT = 80;
    private static final int DECODE = 60;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource(Family.class)
    void repeatsItselfLittleAndListensToItsContext(Family family) throws IOException {
        Path model = TinyModels.write(directory, TinyModel.of(family).context(1024));
        int[] prompt = new SplittableRandom(1).ints(PROMPT, 3, 384).toArray();
        List<Integer> said = decode(model, prompt);
        assertThat(new HashSet<>(said)).as("different tokens in %s", said).hasSizeGreaterThan(DECODE / 4);

        prompt[2] = prompt[2] == 7 ? 8 : 7;
        assertThat(decode(model, prompt)).as("what is said after another early token").isNotEqualTo(said);
    }

    @Test
    void theSameSeedGivesTheSameBytes() throws IOException {
        TinyModel model = TinyModel.of(Family.LLAMA);
        Path one = TinyModels.write(Files.createDirectory(directory.resolve("one")), model);
        Path two = TinyModels.write(Files.createDirectory(directory.resolve("two")), model);
        assertThat(one.resolve("model.safetensors")).hasSameBinaryContentAs(two.resolve("model.safetensors"));
    }

    private static List<Integer> decode(Path directory, int[] prompt) {
        List<Integer> said = new ArrayList<>();
        try (AbstractModel model = ModelSupport.loadModel(directory.toFile(), directory.toFile(), DType.F32, DType.F32,
                Optional.empty(), Optional.empty());
                KvBuffer buffer = new KvBufferCache(model).getKvBuffer(UUID.randomUUID());
                AbstractTensor<?, ?> logits = model.makeDenseTensor(1, model.getConfig().vocabularySize)) {
            AbstractTensor<?, ?> output = model.batchForward(prompt, 0, buffer);
            for (int i = 0; i < DECODE; i++) {
                int token = model.sample(output.slice(output.shape().first() - 1), 0f, 0f, logits);
                said.add(token);
                output = model.forward(token, prompt.length + i, buffer, Optional.empty());
            }
        }
        return said;
    }
}
