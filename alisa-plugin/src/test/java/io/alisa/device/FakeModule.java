package io.alisa.device;

import io.alisa.tier.MemoryBudget;

/** A module that says what a test wants, and opens nothing. */
public class FakeModule implements DeviceModule {
    private final String name;
    private final DeviceStatus status;

    public FakeModule(String name, DeviceStatus status) {
        this.name = name;
        this.status = status;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public DeviceStatus probe() {
        return status;
    }

    @Override
    public Device open(MemoryBudget budget, MemoryBudget ram) {
        throw new AssertionError("nobody was to open it");
    }
}
