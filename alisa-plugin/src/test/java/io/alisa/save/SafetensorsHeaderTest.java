package io.alisa.save;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsHeaderTest {
    private static SafetensorsHeader parse(String json, long dataBytes) {
        return SafetensorsHeader.parse(json.getBytes(StandardCharsets.UTF_8), dataBytes);
    }

    @Test
    void whatIsWrittenIsRead() {
        SafetensorsHeader header = new SafetensorsHeader(Map.of("key", "a \"text\", \\ and \n é", "empty", ""),
                List.of(new TensorEntry("a", TensorType.I32, List.of(2L, 3L), 0),
                        new TensorEntry("b", TensorType.BF16, List.of(5L), 24)));
        byte[] bytes = header.bytes();
        long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertThat(length).isEqualTo(bytes.length - 8).isEqualTo(length / 8 * 8);
        assertThat(SafetensorsHeader.parse(Arrays.copyOfRange(bytes, 8, bytes.length), 34)).isEqualTo(header);
        assertThat(header.dataBytes()).isEqualTo(34);
    }

    @Test
    void tensorsMayBeNamedInAnyOrder() {
        assertThat(parse("{'b':{'dtype':'I8','shape':[2],'data_offsets':[4,6]},'a':{'dtype':'U32','shape':[1],"
                .replace('\'', '"') + "'data_offsets':[0,4]}}".replace('\'', '"'), 6).tensors())
                .extracting(TensorEntry::name).containsExactly("a", "b");
    }

    /** Each is a file that its reader must not believe. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
            "{'a':{'dtype':'I8','shape':[4],'data_offsets':[0,4]}}| 5 | take 4 bytes and 5 are there",
            "{'a':{'dtype':'I8','shape':[4],'data_offsets':[0,4]}}| 3 | take 4 bytes and 3 are there",
            "{'a':{'dtype':'I8','shape':[4],'data_offsets':[1,5]}}| 5 | lies at 1 and not at 0",
            "{'a':{'dtype':'I8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'I8','shape':[4],'data_offsets':[2,6]}}| 6 | lies at 2",
            "{'a':{'dtype':'I8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'I8','shape':[4],'data_offsets':[6,10]}}| 10 | lies at 6",
            "{'a':{'dtype':'I8','shape':[5],'data_offsets':[0,4]}}| 4 | not as large as its shape",
            "{'a':{'dtype':'I8','shape':[4],'data_offsets':[4,0]}}| 4 | not as large as its shape",
            "{'a':{'dtype':'F64','shape':[1],'data_offsets':[0,8]}}| 8 | no type we know",
            "{'a':{'dtype':7,'shape':[1],'data_offsets':[0,8]}}| 8 | no type we know",
            "{'a':{'dtype':'I8','shape':[-4],'data_offsets':[0,4]}}| 4 | a size that is none",
            "{'a':{'dtype':'I8','shape':[1.5],'data_offsets':[0,4]}}| 4 | a size that is none",
            "{'a':{'dtype':'I8','shape':[1e300],'data_offsets':[0,4]}}| 4 | a size that is none",
            "{'a':{'dtype':'I8','shape':['4'],'data_offsets':[0,4]}}| 4 | a size that is none",
            "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}}| 0 | no file could hold",
            "{'a':{'dtype':'F32','shape':[4611686018427387904],'data_offsets':[0,0]}}| 0 | a size that is none",
            "{'a':{'dtype':'I8','shape':4,'data_offsets':[0,4]}}| 4 | no shape or no offsets",
            "{'a':{'dtype':'I8','shape':[4],'data_offsets':[0]}}| 4 | no beginning and end",
            "{'a':{'dtype':'I8','shape':[4],'data_offsets':[0,4],'more':1}}| 4 | not described as a tensor",
            "{'a':{'dtype':'I8','shape':[4]}}| 4 | not described as a tensor", "{'a':4}| 4 | not described as a tensor",
            "{'a':{'dtype':'I8','shape':[4],'data_offsets':[0,4]},'a':{'dtype':'I8','shape':[4],'data_offsets':[0,4]}}| 4 | a second time",
            "{'__metadata__':{'a':1}}| 0 | no text", "{'__metadata__':[]}| 0 | no object", "[]| 0 | no JSON object",
            "{'a':{'b':{'c':{'d':{}}}}}| 0 | nesting", "{| 0 | not JSON"})
    void whatIsNoHeaderIsRefused(String json, long dataBytes, String why) {
        assertThatIllegalArgumentException().isThrownBy(() -> parse(json.replace('\'', '"'), dataBytes))
                .withMessageContaining(why);
    }

    @Test
    void aHeaderOfManyValuesIsRefusedBeforeItTakesMemory() {
        assertThatIllegalArgumentException().isThrownBy(() -> parse("{\"a\":[" + "0,".repeat(5000) + "0]}", 0))
                .withMessageContaining("more than 512 values");
        assertThatIllegalArgumentException().isThrownBy(() -> parse(" ".repeat(20_000) + "{}", 0))
                .withMessageContaining("characters");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SafetensorsHeader.parse(new byte[]{'{', (byte) 0xC3, 0x28, '}'}, 0))
                .withMessageContaining("not UTF-8");
    }
}
