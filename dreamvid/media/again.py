"""Make a part of a film again from the finished film, without encoding anything."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import av.error

from dreamvid.errors import UnreadableInput, writing
from dreamvid.files import settle
from dreamvid.media.codecs import CODECS
from dreamvid.media.parts import PartTable
from dreamvid.media.probe import file_url


def part_again(film: Path, part: Path, table: PartTable, *, after: int = 0) -> None:
    """Write a part with the packets of a film, as many as the table has, and the table.

    They are the first ones, or those `after` so many.

    Parts are joined in the order of their packets, so the film that is assembled from this part
    has the same packets as the one it was taken from. Raises UnreadableInput if the film has fewer.
    """
    draft = part.with_name(part.name + ".draft")
    try:
        with writing(part):
            found = _copy(film, draft, table, after)
            if found != len(table.ranks):
                raise UnreadableInput(f"has only {after + found} frames", where=film)
            table.save(part)
            settle(draft, part)
    except av.error.FFmpegError as error:
        raise UnreadableInput(f"cannot be read ({error})", where=film) from error
    finally:
        draft.unlink(missing_ok=True)


def _copy(film: Path, draft: Path, table: PartTable, after: int) -> int:
    """Copy the packets, with times that only their order counts of; returns their number."""
    delay = max(n - rank for n, rank in enumerate(table.ranks))
    found = 0
    with av.open(file_url(film)) as source:
        video = source.streams.video[0]
        container = CODECS[table.codec].part
        with av.open(file_url(draft), "w", format=container) as out:
            stream = out.add_stream_from_template(video, opaque=True)
            stream.time_base = table.tick
            if container in ("mp4", "mov"):  # the variant of a codec, as of HAP, is in its tag
                stream.codec_context.codec_tag = video.codec_context.codec_tag
            packets = (packet for packet in source.demux(video) if packet.size)
            for packet in itertools.islice(packets, after, after + len(table.ranks)):
                packet.time_base = table.tick
                packet.dts, packet.pts = _at(table, found), _at(table, table.ranks[found] + delay)
                packet.duration = 1
                packet.stream = stream
                out.mux_one(packet)
                found += 1
    return found


def _at(table: PartTable, n: int) -> int:
    """A time for the n-th frame, also for n past the end, in ticks; strictly increasing."""
    last = len(table.ticks) - 1
    return table.ticks[min(n, last)] + max(0, n - last) - table.ticks[0]
