#!/bin/sh
# Makes the PTX that the jar carries, from the sources here. Wants nvcc of CUDA 13.0 (another makes other PTX).
#
#   sh src/main/cuda/build.sh [directory]      from the module's directory; default: the module's resources
#
# Baselines: sm_80 for the attention kernels (cp.async, m16n8k16, redux), sm_75 for the rest. Everything newer compiles
# them when they are loaded. PTX version: nvcc writes its own, which drivers older than itself refuse. Nothing in here
# needs more than 8.3 (CUDA 12.3), so that is what the files say; ptxas checks it.
set -eu
export LC_ALL=C  # the order of the files that are checksummed
cuda=$(dirname "$0")
to=${1:-$cuda/../resources/io/alisa/cuda}
nvcc=${NVCC:-/usr/local/cuda/bin/nvcc}
mkdir -p "$to"

# source, name, baseline, further options
ptx() {
    source=$1 name=$2 baseline=$3
    shift 3
    "$nvcc" -std=c++17 --expt-relaxed-constexpr -Werror all-warnings -arch="compute_$baseline" -ptx "$@" \
        -o "$to/$name.tmp" "$cuda/$source"
    sed -e 's/^\.version .*/.version 8.3/' -e '/^\/\//d' "$to/$name.tmp" > "$to/$name.ptx"
    rm "$to/$name.tmp"
}

ptx common.cu common 75
for size in 32 64 80 96 128 256; do
    ptx head.cu "attention-h$size" 80 "-DALISA_HEAD_SIZE=$size"
done
cat "$cuda"/*.cu "$cuda"/*.cuh "$cuda/build.sh" | sha256sum | cut -d' ' -f1 > "$to/sources.sha256"
