#!/usr/bin/env bash
# rstanarm's NUTS and JAGS on the same CSV files and priors as our own samplers: installs them where missing (Debian, as
# root), runs them on one thread. Results go to bench/results/posterior.json.
#   bench/posterior-peers.sh [DATA,...]     all data sets where none are given (some 20 minutes)
set -euo pipefail
cd "$(dirname "$0")/.."
if ! Rscript -e 'library(rstanarm); library(rjags); library(posterior)' >/dev/null 2>&1; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    r-base-core r-cran-rstanarm r-cran-rjags r-cran-posterior
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm run --silent bench:build
node bench/dist/posterior.js write "$folder" ${1:+--data "$1"}
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 Rscript bench/posterior-peers.R "$folder" | tee "$folder/peers.jsonl"
node bench/dist/posterior.js read "$folder"
