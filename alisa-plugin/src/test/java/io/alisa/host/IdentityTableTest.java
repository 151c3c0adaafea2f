package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;

import org.junit.jupiter.api.Test;

class IdentityTableTest {
    private final List<Integer> abandoned = Collections.synchronizedList(new ArrayList<>());
    private final IdentityTable<Integer> table = new IdentityTable<>(abandoned::add);

    /** All keys are equal, yet each its own. */
    private record Key() {
    }

    @Test
    void findsManyKeysByIdentity() {
        List<Key> keys = keys(10_000);
        for (int i = 0; i < keys.size(); i++) {
            assertThat(table.get(keys.get(i))).isEqualTo(i);
        }
        assertThat(table.get(new Key())).isNull();
        assertThat(table.values()).hasSize(keys.size()).doesNotHaveDuplicates();
        table.purge();
        assertThat(abandoned).isEmpty();
    }

    @Test
    void tellsTheValuesOfCollectedKeysOnceAndKeepsTheOthers() {
        List<Key> keys = keys(2000);
        List<Key> kept = new ArrayList<>();
        for (int i = 0; i < keys.size(); i += 2) {
            kept.add(keys.get(i));
        }
        keys.clear();
        assertThat(Garbage.collectUntil(() -> {
            table.purge();
            return abandoned.size() >= 1000;
        })).as("half of the keys were collected").isTrue();
        table.purge();
        assertThat(abandoned).hasSize(1000).doesNotHaveDuplicates().allMatch(value -> value % 2 == 1);
        for (int i = 0; i < kept.size(); i++) {
            assertThat(table.get(kept.get(i))).isEqualTo(2 * i);
        }
        assertThat(new HashSet<>(table.values())).hasSize(kept.size()).doesNotContainAnyElementsOf(abandoned);
    }

    @Test
    void takesNewKeysAfterOthersWereCollected() {
        keys(500).clear();
        Garbage.collectUntil(() -> {
            table.purge();
            return abandoned.size() >= 500;
        });
        List<Key> keys = keys(500);
        for (int i = 0; i < keys.size(); i++) {
            assertThat(table.get(keys.get(i))).isEqualTo(i);
        }
    }

    private List<Key> keys(int count) {
        List<Key> keys = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Key key = new Key();
            keys.add(key);
            table.put(key, i);
        }
        return keys;
    }
}
