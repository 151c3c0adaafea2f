#!/bin/sh
# Makes alisa-gpu.tar.xz: a Java runtime, the jars, the host with its trained model, tests and benchmarks, for a machine with
# a GPU that has neither a JDK nor a network. There: tar xJf alisa-gpu.tar.xz && sh alisa-gpu/run.sh
#
#   sh kernels-cuda/bundle/bundle.sh      from anywhere; wants Maven, xz, and in JDK25 the directory of a JDK 25
set -eu
jdk=${JDK25:?is to be the directory of a JDK 25}
root=$(cd "$(dirname "$0")/../.." && pwd)
module=$root/kernels-cuda
work=$module/target/bundle
to=$work/alisa-gpu
rm -rf "$work"
mkdir -p "$to/lib" "$to/host" "$to/module/src/main" "$to/module/src/test" "$to/services/META-INF/services"

cd "$root"
mvn ${MAVEN_FLAGS:-} -q -pl alisa-plugin,kernels-cuda package dependency:copy-dependencies -Pbundle \
    -DskipTests -DincludeScope=test -DoutputDirectory="$work/dependencies" \
    -DincludeGroupIds=org.jcuda,org.jspecify,org.junit.jupiter,org.junit.platform,org.opentest4j,org.opentest4j.reporting,org.apiguardian,org.assertj
cp "$work"/dependencies/*.jar "$to/lib"
rm -f "$to"/lib/alisa-*.jar
cp alisa-plugin/target/alisa-plugin.jar alisa-plugin/target/alisa-plugin-tests.jar \
    "$module/target/alisa-kernels-cuda.jar" "$module/target/alisa-kernels-cuda-tests.jar" "$to/lib"
# The host, what has it talk, and the module that finds the GPU however little there is to attend.
mvn ${MAVEN_FLAGS:-} -q -pl compat-tests -am package dependency:copy-dependencies -DskipTests -DincludeScope=runtime \
    -DoutputDirectory=target/host -DexcludeGroupIds=io.alisa,org.openjdk.jmh,org.knowm,org.jspecify \
    -DexcludeArtifactIds=commons-math3,jopt-simple,checker-qual,error_prone_annotations,j2objc-annotations
cp compat-tests/target/host/*.jar compat-tests/target/alisa-compat-tests-*.jar "$to/host"
cp -r examples/models/memo "$to/model"
echo io.alisa.cuda.EagerModule > "$to/services/META-INF/services/io.alisa.device.DeviceModule"
# What the tests of the emulation and of the PTX read.
cp -r "$module/src/main/cuda" "$module/src/main/resources" "$to/module/src/main"
cp -r "$module/src/test/cuda" "$to/module/src/test"
cp "$module/bundle/run.sh" "$module/bundle/peer.py" "$to"

# Not compressed: xz does that better than jlink.
"$jdk/bin/jlink" --add-modules java.base,jdk.incubator.vector,java.logging,jdk.unsupported,java.instrument,java.management,jdk.management,jdk.zipfs,java.naming,java.xml,jdk.jfr,java.net.http,java.sql,java.desktop \
    --strip-debug --no-header-files --no-man-pages --compress zip-0 --output "$to/runtime"
tar -C "$work" -cf - alisa-gpu | xz -6 -T0 > "$work/alisa-gpu.tar.xz"
size=$(wc -c < "$work/alisa-gpu.tar.xz")
echo "$work/alisa-gpu.tar.xz: $size bytes"
test "$size" -le 60000000
