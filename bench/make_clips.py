"""Make the two shipped speech clips anew: our own sentences, spoken by espeak-ng.

Needs the programs espeak-ng and opusenc (Debian, Ubuntu: apt install espeak-ng opus-tools).

    python bench/make_clips.py [--json]
"""

import argparse
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "audio" / "clips"
BITRATE_KBPS = 28


@dataclass(frozen=True)
class Clip:
    """What is said in one clip, and how."""

    name: str
    voice: str
    words_per_minute: int
    pitch: int
    text: str


CLIPS = (
    Clip(
        "english",
        "en-gb-x-rp",
        165,
        45,
        "Good evening, and welcome to the table by the window. The kettle has just boiled, so take "
        "a cup and sit down. Tonight we talk about the river. Who would like to begin?",
    ),
    Clip(
        "mandarin",
        "cmn",
        260,
        60,
        "大家晚上好，欢迎来到茶馆。外面下着小雨，茶刚刚泡好。今天我们聊一聊家乡的味道。谁想先说，请举手。",
    ),
)


def make(clip: Clip) -> dict[str, object]:
    """Speak and encode one clip; returns its name and size."""
    speed, pitch = str(clip.words_per_minute), str(clip.pitch)
    spoken = subprocess.run(
        ["espeak-ng", "-v", clip.voice, "-s", speed, "-p", pitch, "--stdout", clip.text],
        check=True,
        capture_output=True,
    ).stdout
    path = FOLDER / f"{clip.name}.opus"
    encode = ["opusenc", "--quiet", "--bitrate", str(BITRATE_KBPS), "--comp", "10"]
    # A fixed serial number: the same voice gives the same bytes.
    encode += ["--serial", "1", "--discard-comments", "--discard-pictures", "-", str(path)]
    subprocess.run(encode, check=True, input=spoken)
    return {"clip": clip.name, "bytes": path.stat().st_size}


def main() -> None:
    """Make both clips."""
    parser = argparse.ArgumentParser(description="Make the shipped speech clips anew.")
    parser.add_argument("--json", action="store_true", help="only the last line, one object")
    as_json = parser.parse_args().json
    made = [make(clip) for clip in CLIPS]
    if not as_json:
        for clip in made:
            print(f"{clip['clip']}: {clip['bytes']} bytes")
    print(json.dumps({"schema": 1, "clips": made}))


if __name__ == "__main__":
    main()
