"""A child for tests: it answers, counts, sleeps, fails, dies or prints, as it is told."""

from __future__ import annotations

import os
import sys
import time

from dreamvid.errors import UsageError
from dreamvid.studio.channel import Order, Reply, serve


def echo(order: Order, reply: Reply) -> None:
    print("this must not get between the answers")
    reply.send("picture", order["text"].encode(), pid=os.getpid())


def count(order: Order, reply: Reply) -> None:
    for number in range(order["upto"]):
        reply.check()
        reply.send("number", value=number)
        time.sleep(0.01)


def fail(order: Order, reply: Reply) -> None:
    raise {"usage": UsageError("is wrong", where="dial"), "bug": ValueError("a\nb"),
           "memory": MemoryError()}[order["how"]]  # fmt: skip


def die(order: Order, reply: Reply) -> None:
    os.kill(os.getpid(), order.get("signal", 9))


def hang(order: Order, reply: Reply) -> None:
    time.sleep(60)


def garbage(order: Order, reply: Reply) -> None:
    reply._out.write(b"no JSON\n")
    reply._out.flush()
    time.sleep(60)


if __name__ == "__main__":
    sys.stdout.write("")
    serve({"echo": echo, "count": count, "fail": fail, "die": die, "hang": hang,
           "garbage": garbage, "preview": count})  # fmt: skip
