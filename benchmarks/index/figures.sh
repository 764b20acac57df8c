#!/usr/bin/env bash
# All figures of the index, alone, in one go: each size is built once in OUT/scratch, measured, and deleted. What is in OUT
# already is not measured again, so the script goes on where it was stopped.
#
#   benchmarks/index/figures.sh OUT                 1M, 10M of 128; 1M, 10M of 512; 100M of 128 values
#   SIZES="20000x128 20000x512" benchmarks/index/figures.sh OUT
#
# Wants a quiet machine. On two cores, about: 1M x 128 1 minute, 10M x 128 7, 1M x 512 4, 10M x 512 25, 100M x 128 60. Memory:
# 3 GB while 128 values are built, 10 GB for 512; disk: 18 GB at 100M x 128, 7 GB at 10M x 512.
set -euo pipefail
out=${1:?"usage: figures.sh OUT"}
here=$(cd "$(dirname "$0")" && pwd)
# One thread each, before NumPy is loaded.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
mkdir -p "$out/scratch"
rm -rf "$out"/scratch/countenance-bench-*  # of a run that was killed
for size in ${SIZES:-1000000x128 10000000x128 1000000x512 10000000x512 100000000x128}; do
  file="$out/$size.json"
  if [ ! -e "$file" ]; then
    echo "$(date -u +%H:%M:%S) $size" >&2
    python "$here/measure.py" --templates "${size%x*}" --dim "${size#*x}" --in "$out/scratch" --out "$file" >/dev/null
  fi
  python "$here/figures.py" "$out"
done
# What a cluster adds: four nodes of Ray on this machine (needs countenance[ray]); three minutes.
if [ ! -e "$out/cluster.json" ]; then
  python "$here/../cluster/bench.py" --templates "${CLUSTER:-2000000}" >"$out/cluster.tmp"
  mv "$out/cluster.tmp" "$out/cluster.json"
fi
cat "$out/cluster.json"
