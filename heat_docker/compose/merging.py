# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""How files and services are merged.

https://github.com/compose-spec/compose-spec/blob/main/13-merge.md

A rule is a function of the earlier and the later value, neither of which is
null.
"""

from collections import abc

from . import tree

Rule = abc.Callable


def merged(base, over, rule: Rule):
    """Return what two values become, with tags and null considered."""
    if isinstance(over, tree.Tagged):
        return over if over.kind == 'reset' else over.value
    if isinstance(base, tree.Tagged):
        base = base.value if base.kind == 'override' else None
    if over is None:
        return base
    return over if base is None else rule(base, over)


def replace(base, over):
    """Use the later value."""
    return over


def append(base, over):
    """Append the later list."""
    result = tree.List(base, places=base.places)
    for index, item in enumerate(over):
        result.add(item, over.place(index))
    return result


def append_new(base, over):
    """Append the items of the later list that the earlier one lacks."""
    return keyed(_itself)(base, over)


def _itself(item):
    return repr(item)


def keyed(key: abc.Callable) -> Rule:
    """Return the rule of a list in which a later item replaces another.

    :param key: function that returns what makes an item unique.
    """
    def rule(base, over):
        result = tree.List(base, places=base.places)
        known = {key(item): index for index, item in enumerate(base)}
        for index, item in enumerate(over):
            if key(item) in known:
                at = known[key(item)]
                result[at] = item
                if at < len(result.places):
                    result.places[at] = over.place(index)
            else:
                known[key(item)] = len(result)
                result.add(item, over.place(index))
        return result
    return rule


def maps(rule: Rule = replace) -> Rule:
    """Return the rule of a map, from the rule of its values."""
    return by_name(lambda name: rule)


def by_name(rules: abc.Callable[[str], Rule]) -> Rule:
    """Return the rule of a map, from a function of the name of a key."""
    def rule(base, over):
        if not isinstance(base, tree.Map) or not isinstance(over, tree.Map):
            return over
        result = tree.Map(base, places=base.places)
        for name, value in over.items():
            result.put(name, merged(base.get(name), value, rules(name)),
                       over.place(name) if value is not None
                       else result.place(name) or over.place(name))
        return result
    return rule


def anything(base, over):
    """Merge values of an unknown form."""
    if isinstance(base, tree.Map):
        return maps(anything)(base, over)
    if isinstance(base, tree.List) and isinstance(over, tree.List):
        return append(base, over)
    return over
