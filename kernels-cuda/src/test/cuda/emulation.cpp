// Runs the kernels' own sources on fibers, see emulation.h. One entry point, for tests that call it through FFM.

#include "emulation.h"

#include <setjmp.h>
#include <stdio.h>
#include <ucontext.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace emulation {

Dimensions gridSize, blockSize, blockIndex, threadIndex;

namespace {

constexpr size_t STACK_BYTES = 128 << 10;
constexpr size_t GUARD_BYTES = 64;
constexpr unsigned char GARBAGE = 0xCB;  // as a float a large negative number, as a scale a large one

struct Barrier {
    unsigned arrived = 0;
    unsigned generation = 0;
};

struct Copy {
    void *to;
    const void *from;
    int bytes;
};

struct Warp {
    Barrier barrier;
    uint32_t words[2][32];
    uint32_t tens[2][32][10];
};

struct Fiber {
    ucontext_t context;
    jmp_buf at;
    std::unique_ptr<char[]> stack;
    bool started = false;
    bool done = false;
    const Barrier *waitsFor = nullptr;
    unsigned generation = 0;
    unsigned index = 0;
    std::deque<std::vector<Copy>> groups;
    std::vector<Copy> open;
};

struct Registered {
    unsigned threads;
    Kernel kernel;
};

std::map<std::string, Registered> &kernels() {
    static std::map<std::string, Registered> all;
    return all;
}

std::mutex oneLaunchAtATime;
std::vector<Fiber> fibers;
std::vector<Warp> warps;
Barrier block;
unsigned running;  // fibers that have not ended
Fiber *current;
jmp_buf scheduler;
Kernel kernel;
const void *parameters;
std::vector<unsigned char> shared;
size_t sharedSize;
std::string message;

Warp &warp() {
    return warps[current->index / 32];
}

void release(Barrier &barrier) {
    barrier.arrived = 0;
    barrier.generation++;
}

void sleep() {
    if (_setjmp(current->at) == 0) {
        _longjmp(scheduler, 1);
    }
}

void arrive(Barrier &barrier, unsigned expected) {
    if (++barrier.arrived == expected) {
        release(barrier);
        return;
    }
    current->waitsFor = &barrier;
    current->generation = barrier.generation;
    sleep();
}

void body() {
    kernel(parameters);
    current->done = true;
    running--;
    if (block.arrived > 0 && block.arrived == running) {
        release(block);
    }
    _longjmp(scheduler, 1);
}

bool isReady(const Fiber &fiber) {
    return !fiber.done && (fiber.waitsFor == nullptr || fiber.waitsFor->generation != fiber.generation);
}

void resume(Fiber &fiber) {
    current = &fiber;
    threadIndex = {fiber.index, 0, 0};
    fiber.waitsFor = nullptr;
    if (_setjmp(scheduler) == 0) {
        if (fiber.started) {
            _longjmp(fiber.at, 1);
        }
        fiber.started = true;
        setcontext(&fiber.context);
    }
}

bool runBlock() {
    block = {};
    std::fill(shared.begin(), shared.end(), GARBAGE);
    for (Warp &each : warps) {
        each.barrier = {};
    }
    for (unsigned i = 0; i < fibers.size(); i++) {
        Fiber &fiber = fibers[i];
        fiber.index = i;
        fiber.started = fiber.done = false;
        fiber.waitsFor = nullptr;
        fiber.groups.clear();
        fiber.open.clear();
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get();
        fiber.context.uc_stack.ss_size = STACK_BYTES;
        fiber.context.uc_link = nullptr;
        makecontext(&fiber.context, body, 0);
    }
    running = (unsigned) fibers.size();
    while (running > 0) {
        bool moved = false;
        for (Fiber &fiber : fibers) {
            if (isReady(fiber)) {
                resume(fiber);
                moved = true;
            }
        }
        if (!moved) {
            message = "some threads wait at a barrier that others never reach";
            return false;
        }
    }
    const unsigned char *guard = dynamicShared() + sharedSize;
    for (; guard < shared.data() + shared.size(); guard++) {
        if (*guard != GARBAGE) {
            message = "written behind the end of shared memory";
            return false;
        }
    }
    return true;
}

void perform(const std::vector<Copy> &group) {
    for (const Copy &copy : group) {
        memcpy(copy.to, copy.from, (size_t) copy.bytes);
    }
}

}  // namespace

Registration::Registration(const char *name, unsigned threads, Kernel function) {
    kernels()[name] = {threads, function};
}

unsigned char *dynamicShared() {
    return (unsigned char *) (((uintptr_t) shared.data() + 15) / 16 * 16);
}

void blockBarrier() {
    arrive(block, running);
}

void warpBarrier() {
    arrive(warp().barrier, 32);
}

const uint32_t *exchange(uint32_t mine) {
    Warp &of = warp();
    uint32_t *slots = of.words[of.barrier.generation & 1];
    slots[current->index & 31] = mine;
    arrive(of.barrier, 32);
    return slots;
}

const uint32_t (*exchange10(const uint32_t (&mine)[10]))[10] {
    Warp &of = warp();
    uint32_t(*slots)[10] = of.tens[of.barrier.generation & 1];
    memcpy(slots[current->index & 31], mine, sizeof mine);
    arrive(of.barrier, 32);
    return slots;
}

void copyLater(void *to, const void *from, int bytes) {
    if (((uintptr_t) to | (uintptr_t) from) % (uintptr_t) bytes != 0) {
        message = "asynchronous copy of " + std::to_string(bytes) + " bytes is not aligned";
    }
    current->open.push_back({to, from, bytes});
}

void commitCopies() {
    current->groups.push_back(std::move(current->open));
    current->open.clear();
}

void waitForCopies(int groupsLeft) {
    while ((int) current->groups.size() > groupsLeft) {
        perform(current->groups.front());
        current->groups.pop_front();
    }
}

}  // namespace emulation

/** The names of all kernels, a line each. */
extern "C" const char *alisa_names() {
    static std::string names;
    names.clear();
    for (const auto &each : emulation::kernels()) {
        names += each.first + "\n";
    }
    return names.c_str();
}

/** Why the last launch failed. */
extern "C" const char *alisa_message() {
    return emulation::message.c_str();
}

/**
 * Runs a kernel to its end.
 *
 * @param parameters the kernel's parameter structure
 * @return 0, or 1 with alisa_message saying what went wrong
 */
extern "C" int alisa_emulate(const char *name, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                             unsigned sharedBytes, const void *parameters) {
    using namespace emulation;
    std::lock_guard<std::mutex> guard(oneLaunchAtATime);
    message.clear();
    auto found = kernels().find(name);
    if (found == kernels().end()) {
        message = std::string("no kernel ") + name;
        return 1;
    }
    // Kernels that decode take small blocks, too.
    bool small = blockX == 128 && (strstr(name, "decode") != nullptr || strstr(name, "gather") != nullptr);
    if (blockX != found->second.threads && !small) {
        message = std::string(name) + " wants " + std::to_string(found->second.threads) + " threads";
        return 1;
    }
    if (gridX == 0 || gridY == 0 || gridZ == 0 || gridY > 65535 || gridZ > 65535) {
        message = "not a grid";
        return 1;
    }
    kernel = found->second.kernel;
    emulation::parameters = parameters;
    gridSize = {gridX, gridY, gridZ};
    blockSize = {blockX, 1, 1};
    sharedSize = sharedBytes;
    shared.resize(sharedBytes + 16 + GUARD_BYTES);
    if (fibers.size() != blockX) {
        fibers = std::vector<Fiber>(blockX);
        for (Fiber &fiber : fibers) {
            fiber.stack.reset(new char[STACK_BYTES]);
        }
    }
    warps.resize((blockX + 31) / 32);
    for (unsigned z = 0; z < gridZ; z++) {
        for (unsigned y = 0; y < gridY; y++) {
            for (unsigned x = 0; x < gridX; x++) {
                blockIndex = {x, y, z};
                if (!runBlock() || !message.empty()) {
                    message = std::string(name) + ": " + message;
                    return 1;
                }
            }
        }
    }
    return 0;
}

#include "../../main/cuda/common.cu"

#define ALISA_HEAD_SIZE 32
#include "../../main/cuda/head.cu"
#undef ALISA_HEAD_SIZE

#define ALISA_HEAD_SIZE 64
#include "../../main/cuda/head.cu"
#undef ALISA_HEAD_SIZE

#define ALISA_HEAD_SIZE 80
#include "../../main/cuda/head.cu"
#undef ALISA_HEAD_SIZE

#define ALISA_HEAD_SIZE 96
#include "../../main/cuda/head.cu"
#undef ALISA_HEAD_SIZE

#define ALISA_HEAD_SIZE 128
#include "../../main/cuda/head.cu"
#undef ALISA_HEAD_SIZE

#define ALISA_HEAD_SIZE 256
#include "../../main/cuda/head.cu"
#undef ALISA_HEAD_SIZE

/** Caps scores in place, as the kernels cap estimates. */
extern "C" void alisa_cap(float *scores, int count, float cap) {
    for (int i = 0; i < count; i++) {
        scores[i] = alisa::cappedExactly(scores[i], cap);
    }
}

/** Dynamic shared memory that a kernel is to be launched with, by the formulas of attention.cuh. */
extern "C" int alisa_shared_bytes(const char *name, int headSize, int group, int threads) {
    using namespace alisa;
    std::string kernel = name;
    auto is = [&](const char *prefix) { return kernel.rfind(prefix, 0) == 0; };
    return is("alisa_decode_int8_h")    ? decodeSharedBytes(headSize, 1, threads / 32)
           : is("alisa_decode_f16_h")   ? decodeSharedBytes(headSize, 2, threads / 32)
           : is("alisa_gather_int8_h")  ? gatherSharedBytes(headSize, threads / 32)
           : is("alisa_prefill_int8_h") ? prefillSharedBytes(headSize)
           : is("alisa_estimate")       ? estimateSharedBytes(group, headSize)
                                        : 0;
}
