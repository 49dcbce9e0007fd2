"""Typical renders: of each class one, chosen by eye, that shows at once what it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from dreamvid.networks.kinds import telling

from .layers import labels, labels_of, render
from .maths import Array
from .palettes import natural_colours

_CHOSEN = (
    "bat 6 bear 13 bison 11 camel 5 cat 4 cheetah 10 cow 3 deer 3 dog 7 elephant 4 fox 9 giraffe "
    "13 goat 9 gorilla 3 hedgehog 0 hippo 10 horse 8 koala 11 leopard 2 lion 7 monkey 7 mouse 1 "
    "panda 4 pig 8 rabbit 2 raccoon 11 ram 3 redpanda 2 rhino 9 seal 1 sheep 6 squirrel 2 tiger "
    "10 wolf 7 zebra 12 cockatoo 11 crow 8 duck 5 eagle 6 flamingo 2 heron 2 hummingbird 9 owl 13 "
    "parrot 7 peacock 7 pelican 9 penguin 12 pigeon 4 rooster 6 songbird 13 swan 1 toucan 4 "
    "woodpecker 6 brontosaur 6 chameleon 7 crocodile 5 dragon 8 frog 2 lizard 7 serpent 11 snake "
    "8 stegosaur 3 triceratops 5 turtle 12 tyrannosaur 7 angelfish 5 anglerfish 12 clownfish 8 "
    "crab 5 dolphin 11 eel 4 goldfish 8 jellyfish 6 lobster 10 nautilus 8 octopus 10 perch 11 "
    "puffer 3 ray 12 scallop 3 seahorse 10 shark 12 snail 5 squid 2 starfish 4 swordfish 4 urchin "
    "2 whale 12 ant 6 bee 8 beetle 4 butterfly 12 caterpillar 1 dragonfly 0 fly 9 grasshopper 10 "
    "insectface 2 ladybird 4 moth 7 scorpion 11 spider 3 wasp 0 eye 13 face 12 mask 12 skull 10 "
    "cactus 12 flower 12 fruit 12 leaf 7 mushroom 5 rose 5 sunflower 3 tree 13 tulip 4 arcade 7 "
    "bridge 4 castle 13 house 7 lighthouse 12 mosque 9 pagoda 0 temple 2 windmill 12 windows 4 "
    "aeroplane 3 balloon 10 car 6 clock 10 gear 6 locomotive 12 pot 6 rocket 8 ship 5 wheel 1 "
    "bricks 4 coral 9 feathers 8 hide 5 honeycomb 0 mosaic 6 scales 2 weave 5 bubbles 3 jewel 8 "
    "knot 2 mandala 7 sphere 6 star 4 carpet 1 julia 5 snowflake 3 spiral 1"
)
CHOSEN = dict(zip(_CHOSEN.split()[::2], map(int, _CHOSEN.split()[1::2]), strict=True))
"""By class: the number of the render, of 14 that were drawn, that a stranger would name."""
SEED, SIDE = 77, 128

_ALSO = """
aeroplane: airliner; butterfly: admiral, ringlet, monarch, lycaenid; cat: tabby
clownfish: anemone fish; cow: ox, water buffalo; crocodile: american alligator
deer: hartebeest, impala, gazelle; dog: dingo; dragonfly: damselfly
duck: drake, goose, red-breasted merganser; elephant: tusker; flower/daisy: daisy
frog: bullfrog; fruit/apple: granny smith; fruit/pineapple: pineapple
fruit/strawberry: strawberry; goat: ibex; grasshopper: cricket; hedgehog: porcupine, echidna
heron: white stork, black stork, american egret, bittern, crane bird; hippo: hippopotamus
horse: sorrel; insectface/mantis: mantis; ladybird: ladybug; leopard: jaguar
lighthouse: beacon
lizard: banded gecko, common iguana, whiptail, agama, gila monster, komodo dragon, common newt
lobster: crayfish; monkey: chimpanzee, guenon, patas, macaque, langur, capuchin
mushroom: agaric, bolete; parrot: african grey, macaw, lorikeet; perch: tench, coho
pig: hog, wild boar; pot/teapot: teapot; pot/vase: vase, pot; rabbit: hare, angora
ram: bighorn; ray: stingray; redpanda: lesser panda; rocket: missile; rooster: cock
shark: hammerhead; ship: pirate, schooner; snail: conch
snake: boa constrictor, rock python, indian cobra, green mamba, horned viper, sidewinder
songbird: brambling, goldfinch, house finch, junco, indigo bunting, robin, bulbul, chickadee
spider: black widow, tarantula; toucan: hornbill; turtle: loggerhead, terrapin
wolf: coyote, dhole
"""
_OTHERWISE = """
container ship, crock pot, digital clock, electric locomotive, freight car, guinea pig, hot pot
madagascar cat, mouse, oxygen mask, passenger car, potter's wheel, sea lion, ski mask
steel arch bridge, suspension bridge
"""
ALSO = {
    name.strip(): known.strip()
    for line in _ALSO.strip().replace("\n", ";").split(";")
    for known, names in [line.split(":")]
    for name in names.split(",")
}
"""By name of a label of ImageNet: the class or the label of the renders that looks like it."""
OTHERWISE = {name.strip() for name in _OTHERWISE.strip().replace("\n", ",").split(",")}
"""Labels of ImageNet that end in the name of a class, but look otherwise."""


@cache
def telling_views() -> dict[str, str]:
    """By class: the label that shows best what it is."""
    return {name: telling([labels()[k] for k in labels_of([name])]) for name in CHOSEN}


def is_rendered(names: Sequence[str]) -> bool:
    """Whether these are the labels of the renders, all of them."""
    return tuple(names) == labels()


def render_like(name: str) -> str | None:
    """The label of the renders that looks like a label of another network, if there is one.

    It is the one of the class with which the name ends: 'red fox' looks like 'fox/front'.
    """
    name = name.lower()
    if name in OTHERWISE:
        return None
    found = ALSO.get(name) or name.split()[-1]
    return found if found in labels() else telling_views().get(found)


@cache
def typical(label: str) -> Array:
    """The typical render of a label, in natural colours: premultiplied RGBA, uint8 [S, S, 4].

    Of a view that is not the telling one of its class it is not chosen. It cannot be changed.
    """
    name = label.partition("/")[0]
    number = CHOSEN[name] if label == telling_views()[name] else 0
    with natural_colours():
        drawn = render(label, seed=(SEED, labels().index(label), number), size=SIDE)
    drawn.setflags(write=False)
    return drawn
