#!/bin/sh
# Makes the seed corpora from the fixtures: bodies, two of them for an identity, answers of a queue, the snapshots with a
# body put in for the envelopes, and the sample invocations.
set -eu
cd "$(dirname "$0")"
fixtures=../tests/fixtures
mkdir -p corpus/tencent_vod corpus/alibaba corpus/identity corpus/queues corpus/envelope corpus/invocation
# Two bodies that are next to each other, a line each, and a body beside itself.
before='{}'
for body in "$fixtures"/*/*.json; do
    sender=$(basename "$(dirname "$body")")
    name=$(basename "$body" .json)
    line=$(tr '\n' ' ' <"$body")
    printf '%s\n%s' "$line" "$before" >"corpus/identity/$sender.$name"
    printf '%s\n%s' "$line" "$line" >"corpus/identity/same.$sender.$name"
    before=$line
    cp "$body" "corpus/queues/$sender.$name"
    case $sender in
        tencent-vod) cp "$body" "corpus/tencent_vod/$name" ;;
        *) cp "$body" "corpus/alibaba/$sender.$name" ;;
    esac
    # Behind the snapshot's first brace goes the body.
    sed -e '1a "data":' -e "1r $body" -e '1a ,' "../crates/mediahook-senders/tests/suite/snapshots/$sender/$name.json" \
        >"corpus/envelope/$sender.$name.json"
done
printf '{"Response":{"EventSet":[%s,{"EventHandle":"1","a":"\\x"}],"RequestId":"r"}}' "$before" >corpus/queues/answer.json
printf '<Messages><Message><ReceiptHandle>1</ReceiptHandle><MessageBody>e30=</MessageBody></Message><Message>&</Message></Messages>' >corpus/queues/answer.xml
cp ../events/function-url/*.json corpus/invocation/
# The names and words of the fixtures, for `-dict=`.
grep -oh '"[A-Za-z0-9.]\{1,48\}"' "$fixtures"/*/*.json | sort -u | sed 's/"\(.*\)"/"\\"\1\\""/' >corpus/dictionary
