#!/bin/sh
# Makes the seed corpora: for the envelopes the snapshots with a body put in, and the sample invocations.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/envelope corpus/invocation
for sender in tencent-vod alibaba-ims alibaba-vod; do
    for body in ../tests/fixtures/"$sender"/*.json; do
        name=$(basename "$body" .json)
        # The snapshot's JSON begins at its first brace; behind that goes the body.
        sed -n '/^{/,$p' "../tests/suite/snapshots/suite__events__$sender.$name.snap" |
            sed -e '1a "data":' -e "1r $body" -e '1a ,' >"corpus/envelope/$sender.$name.json"
    done
done
cp ../events/function-url/*.json corpus/invocation/
# The names and words of the fixtures, for `-dict=`.
grep -oh '"[A-Za-z0-9.]\{1,48\}"' ../tests/fixtures/*/*.json | sort -u | sed 's/"\(.*\)"/"\\"\1\\""/' >corpus/dictionary
