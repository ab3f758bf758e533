# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `meishi` tells of cards and tokens.  One that is away is told of as well: it is known from
when it was there."""

import json


def identities(person):
    """By label."""
    return {one["label"]: one for one in json.loads(person.meishi("list", "--json").stdout)}


def sees(person, label):
    """Whether there is an identity `label` whose key can be used."""
    one = identities(person).get(label)
    return one is not None and one["present"]


def remembers(person, label):
    """Whether there is one whose card is away."""
    one = identities(person).get(label)
    return one is not None and not one["present"]


def all_tokens(person):
    """Without blank ones: SoftHSM always has one."""
    listed = json.loads(person.meishi("token", "list", "--json").stdout)
    return [token for token in listed if token["pin"] != "uninitialized"]


def tokens(person):
    """Those that are there."""
    return [token for token in all_tokens(person) if token["present"]]
