#!/usr/bin/env bash
# R's glmer and glmmTMB on the same CSV files as our own fits: installs them where missing (Debian, as root), runs them on
# one thread, scores their estimates by the certified likelihood. Results go to bench/results/peers.json.
#   bench/peers.sh [ROWS ...]     rows of the simulated data, 1e4 and 1e5 where none are given (some 5 minutes)
set -euo pipefail
cd "$(dirname "$0")/.."
if ! Rscript -e 'library(lme4); library(glmmTMB)' >/dev/null 2>&1; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends r-base-core r-cran-lme4 r-cran-glmmtmb
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm run --silent bench:build
node bench/dist/peers.js write "$folder" "${@:-1e4 1e5}"
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 Rscript bench/peers.R "$folder" | tee "$folder/peers.jsonl"
node bench/dist/peers.js score "$folder"
