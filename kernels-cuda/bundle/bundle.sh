#!/bin/sh
# Makes alisa-gpu.tar.gz: a Java runtime, the jars, tests and benchmarks, for a machine with a GPU that has neither a JDK
# nor a network. There: tar xzf alisa-gpu.tar.gz && sh alisa-gpu/run.sh
#
#   sh kernels-cuda/bundle/bundle.sh      from anywhere; wants Maven, and in JDK25 the directory of a JDK 25
set -eu
jdk=${JDK25:?is to be the directory of a JDK 25}
root=$(cd "$(dirname "$0")/../.." && pwd)
module=$root/kernels-cuda
work=$module/target/bundle
to=$work/alisa-gpu
rm -rf "$work"
mkdir -p "$to/lib" "$to/module/src/main" "$to/module/src/test"

cd "$root"
mvn ${MAVEN_FLAGS:-} -q -pl alisa-plugin,kernels-cuda package dependency:copy-dependencies -Pbundle \
    -DskipTests -DincludeScope=test -DoutputDirectory="$work/dependencies" \
    -DincludeGroupIds=org.jcuda,org.jspecify,org.junit.jupiter,org.junit.platform,org.opentest4j,org.opentest4j.reporting,org.apiguardian,org.assertj,net.bytebuddy
cp "$work"/dependencies/*.jar "$to/lib"
rm -f "$to"/lib/alisa-*.jar
cp alisa-plugin/target/alisa-plugin.jar alisa-plugin/target/alisa-plugin-tests.jar \
    "$module/target/alisa-kernels-cuda.jar" "$module/target/alisa-kernels-cuda-tests.jar" "$to/lib"
# What the tests of the emulation and of the PTX read.
cp -r "$module/src/main/cuda" "$module/src/main/resources" "$to/module/src/main"
cp -r "$module/src/test/cuda" "$to/module/src/test"
cp "$module/bundle/run.sh" "$module/bundle/peer.py" "$to"

"$jdk/bin/jlink" --add-modules java.base,jdk.incubator.vector,java.logging,jdk.unsupported,java.instrument,java.management,jdk.management,jdk.zipfs,java.naming,java.xml,jdk.jfr \
    --strip-debug --no-header-files --no-man-pages --compress zip-9 --output "$to/runtime"
tar -C "$work" -czf "$work/alisa-gpu.tar.gz" alisa-gpu
size=$(wc -c < "$work/alisa-gpu.tar.gz")
echo "$work/alisa-gpu.tar.gz: $size bytes"
test "$size" -le 60000000
