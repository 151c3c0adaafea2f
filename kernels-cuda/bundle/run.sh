#!/bin/sh
# In the unpacked bundle: runs the tests, then the benchmarks. Leaves results/.
#   sh run.sh [tests|benchmarks]      default: both
set -u
cd "$(dirname "$0")"
mkdir -p results
what=${1:-both}
status=0
flags="--add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xmx4g"
if [ "$what" != benchmarks ]; then
    # The tests look for the kernels' sources where they are built: in module/.
    (cd module && ../runtime/bin/java $flags -cp "../lib/*" org.junit.platform.console.ConsoleLauncher execute \
        --select-package io.alisa.cuda --details=tree --disable-banner \
        --reports-dir ../results/tests) > results/tests.txt 2>&1 || status=1
    grep -E "tests (found|successful|failed|skipped|aborted)" results/tests.txt
fi
if [ "$what" != tests ]; then
    runtime/bin/java $flags -cp "lib/*" io.alisa.cuda.GpuBenchmarks results/benchmarks.json || status=1
    if command -v python3 > /dev/null; then
        python3 peer.py results/peer.json || status=1
    else
        echo "no python3 here: the peer is not measured"
    fi
fi
exit $status
