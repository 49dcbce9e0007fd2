#!/bin/sh
# Make the results beside the settings that made them: sh samples/make_dreams.sh
set -e
cd "$(dirname "$0")"
dream() { python -m dreamvid "$@" -y -q; }
dream zoom dusk.png -o zoom.mp4 --settings settings/zoom.toml
dream zoom -o layers.mp4 --settings settings/layers.toml
dream video valley.mp4 -o regions.mp4 --settings settings/regions.toml
dream image valley.png -o creatures.webp --layer creatures
dream plot settings/zoom.toml -o curves.png
(cd .. && dream plot samples/signals.toml samples/drift.mp4 -o samples/signals.png)
dream loop dusk.png -o loop-zoom.mp4 --settings settings/loop-zoom.toml
dream loop dusk.png -o loop-pan.mp4 --settings settings/loop-pan.toml
dream loop dusk.png -o loop-feedback.mp4 --settings settings/loop-feedback.toml
dream loop reef.mp4 -o loop-film.mp4 --settings settings/loop-film.toml
dream presets valley.png -o presets.webp
dream renders -o renders.webp --seed 4 --cell 80
dream atlas -o bestiary.webp --classes owl,fox,panda,rose,octopus,parrot,squirrel,mushroom,snail,skull,deer,balloon
dream atlas efficientnet_lite0 -o classes.webp --classes 'great grey owl,red fox,zebra,flamingo,castle,tarantula,tiger,hummingbird,jellyfish,teapot,hourglass,volcano'
dream explain valley.png -o explain.webp
python make_guides.py
rm -f ./*.dreamvid.toml
