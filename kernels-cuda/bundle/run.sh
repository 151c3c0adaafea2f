#!/bin/sh
# In the unpacked bundle: runs the tests, the benchmarks, the peer and the sanitizer. Leaves results/, in which result.json
# says what there is: card, date, tests, bars, what was not measured and why.
#   sh run.sh [tests|greedy|benchmarks|sanitizer]      default: all
set -u
cd "$(dirname "$0")"
mkdir -p results
what=${1:-all}
status=0
tests='"not run"'
sanitizer='"not run"'
flags="--add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xmx4g"

# Tests look for the kernels' sources where they are built: in module/. What runs them, what is run, where it is reported.
junit() {
    before=$1 selected=$2 reports=$3
    (cd module && $before ../runtime/bin/java $flags -cp "../lib/*" org.junit.platform.console.ConsoleLauncher execute \
        $selected --details=tree --disable-banner --reports-dir "../results/$reports")
}

has() {
    test "$what" = all || test "$what" = "$1"
}

if has tests; then
    tests='"passed"'
    junit "" "--select-package io.alisa.cuda" tests > results/tests.txt 2>&1 || { status=1; tests='"failed"'; }
    grep -E "tests (found|successful|failed|skipped|aborted)" results/tests.txt
fi
if has greedy; then
    rm -f results/greedy.json
    gpu=services:lib/alisa-kernels-cuda-tests.jar:lib/alisa-plugin-tests.jar
    for jar in lib/alisa-kernels-cuda.jar lib/jcuda-*.jar; do
        gpu=$gpu:$jar
    done
    runtime/bin/java -Dcompat.agent=lib/alisa-plugin.jar "-Dcompat.device=$gpu" -cp "host/*" io.alisa.compat.DeviceGreedy \
        model results/greedy results/greedy.json || status=1
fi
if has benchmarks; then
    rm -f results/benchmarks.json results/peer.json # of an earlier run
    runtime/bin/java $flags -cp "lib/*" io.alisa.cuda.GpuBenchmarks results/benchmarks.json || status=1
    if command -v python3 > /dev/null; then
        python3 peer.py results/benchmarks.json results/peer.json || status=1
    else
        echo "THE PEER IS NOT MEASURED: no python3 here"
        echo '{"torch": null, "reason": "no python3 here", "figures": [], "bars": []}' > results/peer.json
    fi
fi
if has sanitizer; then
    if ! test -e /dev/nvidiactl; then
        sanitizer='"no GPU here"'
        echo "THE SANITIZER IS NOT RUN: no GPU here"
    elif command -v compute-sanitizer > /dev/null; then
        sanitizer='"clean"'
        rm -f results/sanitizer-failed.txt
        # With the GPU's driver alone. Side by side, for each is slow and none is timed. That nothing failed says little: the three
        # tests must have run.
        of="--select-method io.alisa.cuda"
        each="(io.alisa.cuda.TestDriver)"
        for tool in memcheck racecheck synccheck; do
            {
                flags="$flags -Dtest.driver=CUDA" \
                    junit "compute-sanitizer --tool $tool --error-exitcode 7 --target-processes all" \
                    "$of.CudaTierTest#theSameIsSaid$each $of.CudaTierTest#theSameIsSelected$each \
                    $of.StagingRingTest#copiesWhateverItIsGiven$each" \
                    "sanitizer-$tool" > "results/sanitizer-$tool.txt" 2>&1 &&
                    grep -q " 3 tests successful" "results/sanitizer-$tool.txt"
            } || echo "$tool" >> results/sanitizer-failed.txt &
        done
        wait
        if test -e results/sanitizer-failed.txt; then
            status=1
            sanitizer="\"$(tr '\n' ' ' < results/sanitizer-failed.txt)found errors\""
        fi
        echo "sanitizer: $sanitizer"
    else
        sanitizer='"no compute-sanitizer here"'
        echo "THE SANITIZER IS NOT RUN: no compute-sanitizer here"
    fi
fi

card=null
if command -v nvidia-smi > /dev/null; then
    card="\"$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2> /dev/null | head -n 1)\""
fi
for part in benchmarks peer greedy; do
    test -e "results/$part.json" || echo null > "results/$part.json"
done
{
    echo "{\"date\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\", \"card\": $card, \"tests\": $tests, \"sanitizer\": $sanitizer,"
    echo "\"greedy\": $(cat results/greedy.json), \"benchmarks\": $(cat results/benchmarks.json),"
    echo "\"peer\": $(cat results/peer.json)}"
} > results/result.json
test "$card" != null || echo "NO GPU WAS FOUND: nothing here says how fast the kernels are"
echo "results/result.json"
exit $status
