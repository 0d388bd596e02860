#!/bin/sh
# Makes the seed corpora out of the fixtures: a body each, and two for an identity.
set -eu
cd "$(dirname "$0")"
fixtures=../../../tests/fixtures
mkdir -p corpus/tencent_vod corpus/alibaba corpus/identity
cp "$fixtures"/tencent-vod/*.json corpus/tencent_vod/
cp "$fixtures"/alibaba-ims/*.json "$fixtures"/alibaba-vod/*.json corpus/alibaba/
# Two bodies that are next to each other, a line each, and a body beside itself.
before='{}'
for body in "$fixtures"/*/*.json; do
    name=$(basename "$(dirname "$body")").$(basename "$body")
    line=$(tr '\n' ' ' <"$body")
    printf '%s\n%s' "$line" "$before" >"corpus/identity/$name"
    printf '%s\n%s' "$line" "$line" >"corpus/identity/same.$name"
    before=$line
done
# The names and words of the fixtures, for `-dict=`.
grep -oh '"[A-Za-z0-9.]\{1,48\}"' "$fixtures"/*/*.json | sort -u | sed 's/"\(.*\)"/"\\"\1\\""/' >corpus/dictionary
