#!/bin/sh
# Makes the seed corpora out of the fixtures: a body each, two for an identity, and for the envelopes the snapshots with a
# body put in.
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
# Two bodies that are next to each other, a line each, and a body beside itself.
mkdir -p corpus/identity corpus/invocation
before='{}'
for body in ../tests/fixtures/*/*.json; do
    name=$(basename "$(dirname "$body")").$(basename "$body")
    line=$(tr '\n' ' ' <"$body")
    printf '%s\n%s' "$line" "$before" >"corpus/identity/$name"
    printf '%s\n%s' "$line" "$line" >"corpus/identity/same.$name"
    before=$line
done
cp ../events/function-url/*.json corpus/invocation/
# The names and words of the fixtures, for `-dict=`.
grep -oh '"[A-Za-z0-9.]\{1,48\}"' ../tests/fixtures/*/*.json | sort -u | sed 's/"\(.*\)"/"\\"\1\\""/' >corpus/dictionary
