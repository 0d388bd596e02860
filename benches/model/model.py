"""A simulation of one deployment under load: which settings hold how many callbacks a second, and how long events wait.

    benches/model/model.py                                  prints the table
    benches/model/model.py --write                          writes it into docs/scaling.md, and docs/scaling.svg
    benches/model/model.py --outage 30 --rate 50 --drain N  how long until the spill is empty, at N events a run
    benches/model/model.py --help                           every setting

It follows each callback: an environment of the receiver, the queue, a batch of the processor. Every number that AWS or a
measurement gives is in `Settings`, with its source. Nothing fails but for lack of room.
"""

import argparse
import heapq
import random
from dataclasses import dataclass, fields, replace
from pathlib import Path

import cost

RAMP = 20  # seconds in which the load rises to its rate; what happens in them is not counted
RATES = [10, 50, 100, 500, 1_000, 2_000, 5_000, 10_000]  # callbacks a second
RESERVED = [10, 20, 50, 100, 200, 300, 600, 1_100]
CONCURRENCY = [2, 5, 10, 20, 50, 100, 200, 500, 1_000]  # 2 is AWS's least
SCALING = Path(__file__).resolve().parent.parent.parent / "docs/scaling.md"
MARKS = ("<!-- table: written by benches/model/model.py --write -->", "<!-- end of table -->")


@dataclass(frozen=True)
class Settings:
    """A deployment. Times are in seconds."""

    # A warm callback: CPU as measured, at a seventh of a core, and SQS as assumed.
    receive: float = cost.RECEIVER_MS / 1_000
    # Init and the first callback at 256 MB: AWS's own start of an environment, handshakes and some 9 ms of CPU (assumed).
    cold: float = 0.250
    # ReceiverReservedConcurrency: as many environments, and ten requests a second for each (Lambda's quotas).
    reserved: int = 50
    # How many environments Lambda adds to a function in ten seconds (Lambda's quotas).
    new_environments_in_10_s: int = 1_000
    # A batch: two calls to the table for each event, all at once, and one to the bus (assumed), and CPU as measured for each event.
    batch: float = cost.TABLE_AND_HANDLER_MS / 1_000
    event: float = cost.PROCESSOR_CPU_MS * cost.STRETCHED / 1_000
    batch_size: int = 10
    # ProcessorMaximumConcurrency.
    concurrency: int = 10
    # Batches at once with which the mapping begins, and what it adds in a minute while messages wait (Lambda's documentation).
    pollers: int = 5
    pollers_a_minute: int = 300
    # How long an idle poller sleeps before it looks again. Lambda's polls are long: a message ends them.
    poll: float = 0.0
    # Calls of one kind a second on a FIFO queue in the high throughput mode: 70,000 in the largest regions, 2,400 in the smallest.
    queue_calls: int = 70_000
    # PutEvents entries a second: 10,000 in the largest regions, 400 in the smallest.
    bus_entries: int = 10_000


@dataclass(frozen=True)
class Received:
    answered: list  # when each callback was answered, in order
    answers: list  # how long each answer took
    environments: int  # at most
    offered: int
    turned_away: int  # answered 429

    @property
    def holds(self):
        return self.turned_away == 0


@dataclass(frozen=True)
class Processed:
    delays: list  # from the answer until the event is processed
    batches: int
    waiting: int  # in the queue at the end

    @property
    def holds(self):
        """The queue does not grow."""
        return self.waiting < max(50, 0.01 * len(self.delays))


def receive(settings, rate, seconds, seed=1):
    """Callbacks arrive at random (Poisson). An environment answers one at a time; without a free one Lambda starts another."""
    chance = random.Random(seed)
    now, second, in_second, offered, turned_away, environments, free = 0.0, 0, 0, 0, 0, 0, 0
    busy_until, starts, answered, answers = [], [], [], []
    while (now := now + chance.expovariate(rate)) < seconds + RAMP:
        if chance.random() > now / RAMP:
            continue
        counts = now > RAMP
        offered += counts
        if int(now) != second:
            second, in_second = int(now), 0
        in_second += 1
        while busy_until and busy_until[0] <= now:
            heapq.heappop(busy_until)
            free += 1
        took = settings.receive * chance.lognormvariate(0, 0.35)
        if in_second > 10 * settings.reserved:
            turned_away += counts
            continue
        if free:
            free -= 1
        elif environments < settings.reserved and may_start(settings, starts, now):
            environments += 1
            took += settings.cold
        else:
            turned_away += counts
            continue
        heapq.heappush(busy_until, now + took)
        answered.append(now + took)
        if counts:
            answers.append(took)
    return Received(sorted(answered), answers, environments, offered, turned_away)


def may_start(settings, starts, now):
    """Whether Lambda starts another environment now."""
    while starts and starts[0] <= now - 10:
        starts.pop(0)
    if len(starts) >= settings.new_environments_in_10_s:
        return False
    starts.append(now)
    return True


def process(settings, arrivals, seconds):
    """A poller takes up to ten waiting events, and comes back when they are processed."""
    pace = 1 / min(settings.queue_calls, settings.bus_entries)  # a quota is a line in which events stand one after another
    pollers = [0.0] * min(settings.pollers, settings.concurrency)
    taken, batches, line, delays = 0, 0, 0.0, []
    while taken < len(arrivals):
        now = heapq.heappop(pollers)
        began = now if now > arrivals[taken] else next_poll(settings, now, arrivals[taken])
        if began >= seconds + RAMP:
            break
        upto = taken
        while upto < len(arrivals) and upto - taken < settings.batch_size and arrivals[upto] <= began:
            upto += 1
        size = upto - taken
        line = max(line, began) + pace * size
        done = max(began + settings.batch + settings.event * size, line)
        if began > RAMP:
            delays += [done - arrivals[at] for at in range(taken, upto)]
            batches += 1
        taken = upto
        heapq.heappush(pollers, done)
        allowed = min(settings.concurrency, settings.pollers + int(settings.pollers_a_minute * began / 60))
        if size == settings.batch_size and len(pollers) < allowed:
            heapq.heappush(pollers, began)  # more was waiting: Lambda adds a poller
    return Processed(delays, batches, sum(at < seconds + RAMP for at in arrivals[taken:]))


def next_poll(settings, now, arrival):
    """When an idle poller sees this arrival."""
    if not settings.poll:
        return arrival
    return now - (now - arrival) // settings.poll * settings.poll


def least(choices, run):
    """The least of the choices that holds, and its result; else nothing, and the result of the last."""
    for choice in choices:
        result = run(choice)
        if result.holds:
            return choice, result
    return None, result


def row(settings, rate, seconds):
    reserved, received = least(RESERVED, lambda n: receive(replace(settings, reserved=n), rate, seconds))
    concurrency, processed = least(
        CONCURRENCY, lambda n: process(replace(settings, concurrency=n), received.answered, seconds)
    )
    return {
        "rate": rate,
        "reserved": reserved,
        "environments": received.environments,
        "concurrency": concurrency,
        "answer": (percentile(received.answers, 50), percentile(received.answers, 99)),
        "delay": (percentile(processed.delays, 50), percentile(processed.delays, 99)),
        "defaults": with_defaults(settings, rate, seconds),
    }


def with_defaults(settings, rate, seconds):
    """What becomes of this load with the settings as they are."""
    received = receive(settings, rate, seconds)
    if not received.holds:
        return f"{received.turned_away / received.offered:.0%} answered 429"
    processed = process(settings, received.answered, seconds)
    return "holds" if processed.holds else "the processor falls behind"


def outage(rate, minutes, drain):
    """Events in the spill after an outage, and minutes until it is empty: a run a minute, callbacks go to the queue again."""
    waiting = rate * 60 * minutes
    return waiting, -(-waiting // drain)


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0


def table(rows):
    yield "| callbacks a second | `ReceiverReservedConcurrency` | environments | `ProcessorMaximumConcurrency` | answered after, p50 and p99 | then processed after | with the defaults |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for row in rows:
        cells = [f"{row['rate']:,}", row["reserved"], row["environments"], row["concurrency"]]
        cells += [" and ".join(f"{seconds * 1000:,.0f}" for seconds in row[name]) + " ms" for name in ("answer", "delay")]
        yield "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell or "none") for cell in [*cells, row["defaults"]]) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="of load at each rate (60)")
    parser.add_argument("--write", action="store_true", help="write docs/scaling.md's table and docs/scaling.svg")
    parser.add_argument("--outage", type=int, metavar="MINUTES", help="instead: how long until the spill is empty")
    parser.add_argument("--rate", type=int, default=50, help="callbacks a second during the outage (50)")
    parser.add_argument("--drain", type=int, help="events that a run of the puller moves: benches/spill measures it")
    for field in fields(Settings):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default)
    options = parser.parse_args()
    if options.outage:
        spilled, after = outage(options.rate, options.outage, options.drain)
        print(f"{spilled:,} events in the spill; empty {after} minutes after the queue is back")
        return
    settings = Settings(**{field.name: getattr(options, field.name) for field in fields(Settings)})
    rows = [row(settings, rate, options.seconds) for rate in RATES]
    text = "\n".join(table(rows))
    print(text)
    if options.write:
        from draw import svg

        before, rest = SCALING.read_text().split(MARKS[0])
        SCALING.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.split(MARKS[1])[1]}")
        SCALING.with_suffix(".svg").write_text(svg(rows))


if __name__ == "__main__":
    main()
