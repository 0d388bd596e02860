#!/bin/sh
# Makes the seed corpora out of the fixtures: a body each, and for the envelopes the snapshots with a body put in.
set -eu
cd "$(dirname "$0")"
for sender in tencent-vod alibaba-ims; do
    target=$(echo "$sender" | tr - _)
    mkdir -p "corpus/$target" corpus/envelope
    cp ../tests/fixtures/"$sender"/*.json "corpus/$target/"
    for body in ../tests/fixtures/"$sender"/*.json; do
        name=$(basename "$body" .json)
        # The snapshot's JSON begins at its first brace; behind that goes the body.
        sed -n '/^{/,$p' "../tests/suite/snapshots/suite__events__$sender.$name.snap" |
            sed -e '1a "data":' -e "1r $body" -e '1a ,' >"corpus/envelope/$sender.$name.json"
    done
done
# The names and words of the fixtures, for `-dict=`.
grep -oh '"[A-Za-z0-9.]\{1,48\}"' ../tests/fixtures/*/*.json | sort -u | sed 's/"\(.*\)"/"\\"\1\\""/' >corpus/dictionary
