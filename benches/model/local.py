"""Drives the local example, and says beside it what the model makes of the same load.

    cargo build --release --example local
    benches/model/local.py target/release/examples/local

The local example is one process: every callback is answered at once, and one poller takes batches of at most ten, with a pause of
50 ms when it finds none. Its times of service are measured at one callback a second, and with a full queue; the model gets them
and predicts what is between.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import model

model.RAMP = 0.001  # the load is there at once
PATH = "/tencent-vod/token/demo-path-token"
POLL = 0.050
PATIENCE_S = 120
AT_ONCE = 4  # callbacks on their way: more, and the process has no time for its queue


class Local:
    """The example, on a port of its own."""

    def __init__(self, binary):
        self.process = subprocess.Popen([binary, "--port", "0"], stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if "log, with" in line:
                self.log = Path(line.split(": ", 1)[1].strip())
            if PATH in line:
                self.port = int(line.split("http://", 1)[1].split("/")[0].split(":")[1])
                return
        raise SystemExit("local: it did not start")

    def end(self):
        self.process.kill()
        self.process.wait()


async def send(port, number):
    """One callback, on a connection of its own. When it was answered, its id, and how long that took."""
    body = json.dumps({"EventType": "NewFileUpload", "FileUploadEvent": {"FileId": str(number)}}).encode()
    started = time.time()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {PATH} HTTP/1.1\r\nhost: local\r\nconnection: close\r\ncontent-type: application/json\r\n"
    writer.write(head.encode() + f"content-length: {len(body)}\r\n\r\n".encode() + body)
    answer = await reader.read()
    writer.close()
    ended = time.time()
    assert b" 200 " in answer.split(b"\r\n")[0], answer
    return json.loads(answer.split(b"\r\n\r\n", 1)[1])["id"], ended, ended - started


@dataclass
class Load:
    answers: list  # how long each took
    delays: list  # from the answer until the event was processed
    waiting: int  # when the last was answered
    pace: float  # seconds for each event, from the first answer to the last event processed


async def load(local, rate, seconds):
    """Callbacks at random times. Then waits until no more events are processed."""
    chance, sent, began, offset, room = random.Random(1), [], time.time(), 0.0, asyncio.Semaphore(AT_ONCE)

    async def one():
        async with room:
            return await send(local.port, time.time_ns())

    while (offset := offset + chance.expovariate(rate)) < seconds:
        await asyncio.sleep(max(0, began + offset - time.time()))
        sent.append(asyncio.create_task(one()))
    answered = [await one for one in sent]
    at_end = time.time()
    processed, waits = {}, 0
    while not all(id in processed for id, _, _ in answered):
        await asyncio.sleep(1)
        waits, processed = waits + 1, processed_at(local)
        if waits > PATIENCE_S:
            raise SystemExit("local: events were not processed")
    delays = [processed[id] - at for id, at, _ in answered]
    waiting = sum(processed[id] > at_end for id, _, _ in answered)
    span = max(processed[id] for id, _, _ in answered) - min(at for _, at, _ in answered)
    return Load([took for _, _, took in answered], delays, waiting, span / len(answered))


def processed_at(local):
    """When each event was processed, by its log line."""
    lines = (json.loads(line) for line in local.log.read_text().splitlines() if '"processed"' in line)
    return {line["id"]: line["_aws"]["Timestamp"] / 1000 for line in lines}


def row(name, load):
    answers, delays = (
        " and ".join(f"{model.percentile(values, percent) * 1000:,.0f}" for percent in (50, 99))
        for values in (load.answers, load.delays)
    )
    return f"| {name} | {answers} | {delays} | {load.waiting} |"


async def times_of_service(local):
    """Of a callback, of a batch, and of each event in it. They are what this machine has time for now."""
    lone, burst = await load(local, 2, 6), await load(local, 1_000, 0.1)
    # A lone event waits half a pause on average, and its batch. In a burst the batches are full, one after the other.
    single, full = max(0.001, model.percentile(lone.delays, 50) - POLL / 2), burst.pace * 10
    event = max(0.0, (full - single) / 9)
    return model.percentile(lone.answers, 50), max(0.001, single - event), event


async def compare(local, rates, seconds):
    print("| callbacks a second | | answered after, p50 and p99, ms | then processed after, ms | waiting at the end |")
    print("| --- | --- | --- | --- | --- |")
    for rate in rates:
        answer, batch, event = await times_of_service(local)
        measured = await load(local, rate, seconds)
        print(row(f"{rate} | measured", measured))
        settings = model.Settings(
            receive=answer, cold=0, reserved=10_000, pollers=1, concurrency=1, poll=POLL, batch=batch, event=event
        )
        received = model.receive(settings, rate, seconds)
        processed = model.process(settings, received.answered, 10 * seconds)  # as above, until all are processed
        waiting = sum(at + delay > seconds for at, delay in zip(received.answered, processed.delays))
        of = f"{answer * 1000:.0f} ms; {batch * 1000:.0f} ms and {event * 1000:.0f} ms an event"
        print(row(f"| model, with {of}", Load(received.answers, processed.delays, waiting, 0)), flush=True)


async def act(port, action):
    """What a button of the page does. Its answer."""
    body = json.dumps(action).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /local/do HTTP/1.1\r\nhost: local\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.read()
    writer.close()
    return json.loads(answer.split(b"\r\n\r\n", 1)[1])


async def outage(local, number):
    """The queue fails while so many callbacks arrive; then the puller moves them out of the spill."""
    await act(local.port, {"do": "fail_queue", "fails": True})
    for _ in range(number // AT_ONCE):
        await asyncio.gather(*(send(local.port, time.time_ns() + one) for one in range(AT_ONCE)))
    await act(local.port, {"do": "fail_queue", "fails": False})
    await asyncio.sleep(6)  # younger objects wait for the next run
    moved, began = 0, time.time()
    while moved < number:
        spill = (await act(local.port, {"do": "pull"}))["spill"]
        moved += spill["enqueued"]
        print(f"{moved:,} of {number:,} moved after {time.time() - began:.1f} s: {moved / (time.time() - began):.0f} a second", flush=True)
        if not spill["enqueued"]:
            raise SystemExit(f"local: {spill}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("--rates", default="10,50,100,200,400")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--outage", type=int, metavar="EVENTS", help="instead: how fast the puller empties the spill")
    options = parser.parse_args()
    local = Local(options.binary)
    try:
        if options.outage:
            asyncio.run(outage(local, options.outage))
            return
        asyncio.run(compare(local, [int(rate) for rate in options.rates.split(",")], options.seconds))
    finally:
        local.end()


if __name__ == "__main__":
    sys.exit(main())
