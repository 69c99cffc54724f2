#!/bin/sh
# The matcher against the national registry: fetches it once, by version and hash, imports it, prints the figures.
# Usage: sh bench/linking/run.sh BIN [LIST.csv…]
set -e
version=6.0.0
hash=c189ffd5b33fe40c2f19e1a923ce557f190622f39228745d3195d746dfe00c4a
bin=$1
shift
home=${ESS_GRAPH_HOME:-.ess-graph}/eval-linking
file=$home/etalab-decoupage-administratif-$version.tgz
mkdir -p "$home"
if [ ! -f "$file" ]; then
  if ! command -v npm > /dev/null || ! (cd "$home" && npm pack --silent "@etalab/decoupage-administratif@$version" > /dev/null); then
    rm -f "$file"
    echo "The national registry is not at hand (npm, or its package registry, cannot be reached): nothing was evaluated."
    exit 0
  fi
fi
export ESS_GRAPH_HOME=$home
[ -f "$home/registry.sqlite" ] || "$bin/ess-graph" opendata import decoupage-administratif "$file" --sha256 $hash
[ $# -gt 0 ] || set -- tests/cases/linking/documents.csv tests/cases/linking/none.csv tests/cases/linking/perturbed.csv
"$bin/python" bench/linking/evaluate.py "$home" "$@"
