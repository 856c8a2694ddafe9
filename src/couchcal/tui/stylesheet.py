"""Style sheets that are read once and matched once.

Textual reads every style sheet anew when a screen brings one of its own, and tries hundreds of rules on each widget
whenever it appears, gets the focus or changes a class. A form has seventy widgets of a dozen kinds: what holds for
one of a kind, at one place and in one state, holds for the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from textual.css.match import _check_selectors
from textual.css.model import CombinatorType, RuleSet, SelectorSet, SelectorType
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.css.types import Specificity3
from textual.dom import DOMNode

_MANY = 4096
"""How many kinds of nodes are remembered; far more than all screens have."""
_OF_TYPE = frozenset({"first-of-type", "last-of-type", "first-child", "last-child", "empty"})
_BY_PLACE = frozenset({"odd", "even"})
Kind = tuple[Any, ...]


class _Candidates(NamedTuple):
    """The rules that end in a name of a node, in their order."""

    rules: list[RuleSet]
    asked: frozenset[str]
    """The pseudo-classes that they ask for."""
    asked_around: frozenset[str]
    """Those of them that they ask for in nodes around it."""


class QuickStylesheet(Stylesheet):
    """Gives every node the same styles as Textual's own style sheet does, with less looking; none is animated."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._read: list[RuleSet] | None = None
        """The rules that everything below belongs to."""
        self._narrowed = False
        """Whether Textual sees but a few of them at the moment."""
        self._order: dict[int, int] = {}
        self._ids: frozenset[str] = frozenset()
        """Those that a rule names: every field has one, and few are styled by it."""
        self._candidates: dict[frozenset[str], _Candidates] = {}
        self._kinds: dict[Kind, RulesMap] = {}

    def copy(self) -> QuickStylesheet:
        other = QuickStylesheet(variables=self._variables.copy())
        other.source = self.source.copy()
        return other

    def set_variables(self, variables: dict[str, str]) -> None:
        """As in Textual; the same ones again, as at every start, change nothing."""
        if variables != self._variables:
            super().set_variables(variables)
            self._require_parse = True

    def reparse(self) -> None:
        """Put the rules together; only sources that are new, or all after a change of variables, are read."""
        if self._require_parse:
            self.parse()

    def apply(self, node: DOMNode, *, animate: bool = False, cache: dict[Kind, RulesMap] | None = None) -> None:
        if not self._narrowed and self._read is not self.rules:
            self._forget()
        candidates = self._candidates_of(node)
        kind = self._kind(node, candidates)
        known = self._kinds.get(kind)
        if known is None:
            self._match(node, candidates)
            self._remember(kind, node)
            return
        asked = candidates.asked
        node._has_hover_style = "hover" in asked
        node._has_focus_within = "focus-within" in asked
        node._has_order_style = not asked.isdisjoint(_OF_TYPE)
        node._has_odd_or_even = not asked.isdisjoint(_BY_PLACE)
        if node.__class__ is DOMNode:  # stands for a part of a widget and is new: nothing else hangs on its styles
            node._css_styles.merge_rules(known)
        elif node._css_styles._rules == known:
            node.notify_style_update()
        else:
            self.replace_rules(node, known)
        self._process_component_classes(node)

    def _match(self, node: DOMNode, candidates: _Candidates) -> None:
        """Let Textual find the styles, with nothing but the candidates to try."""
        before = self._rules, self._narrowed
        self._rules, self._narrowed = candidates.rules, True
        try:
            super().apply(node)
        finally:
            self._rules, self._narrowed = before

    @classmethod
    def _check_rule(cls, rule_set: RuleSet, css_path_nodes: list[DOMNode]) -> Iterable[Specificity3]:
        for selectors in rule_set.selector_set:
            if _selects(selectors, css_path_nodes):
                yield selectors.specificity

    def _remember(self, kind: Kind, node: DOMNode) -> None:
        if len(self._kinds) >= _MANY:
            self._kinds.clear()
        self._kinds[kind] = node._css_styles.get_rules()

    def _forget(self) -> None:
        self._read = rules = self.rules
        self._order = {id(rule): place for place, rule in enumerate(rules)}
        self._ids = frozenset(
            selector.name
            for rule in rules
            for selectors in rule.selector_set
            for selector in selectors.selectors
            if selector.type is SelectorType.ID
        )
        self._candidates.clear()
        self._kinds.clear()

    def _candidates_of(self, node: DOMNode) -> _Candidates:
        names = frozenset(self.rules_map.keys() & node._selector_names)
        found = self._candidates.get(names)
        if found is None:
            rules = {rule for name in names for rule in self.rules_map[name]}
            found = self._candidates[names] = _Candidates(
                sorted(rules, key=lambda rule: self._order[id(rule)]),
                frozenset().union(*(rule.pseudo_classes for rule in rules)),
                frozenset(_asked_around(rules)),
            )
        return found

    def _kind(self, node: DOMNode, candidates: _Candidates) -> Kind:
        """Everything that a rule can ask about a node: of itself and of all around it."""
        kind: list[Any] = [name for name in candidates.asked if node.has_pseudo_class(name)]
        asked_around = candidates.asked_around
        for around in node.css_path_nodes:
            kind += (
                around.__class__,
                around._id if around._id in self._ids else None,
                frozenset(around._classes),
                *(name for name in asked_around if around.has_pseudo_class(name)),
            )
        return tuple(kind)


def _selects(selectors: SelectorSet, path: list[DOMNode]) -> bool:
    """Whether selectors fit the last node of a path from the app. Most do not fit the node alone."""
    if not selectors.selectors[-1].check(path[-1]):
        return False
    return len(selectors.selectors) == 1 or _check_selectors(selectors.selectors, path)


def _asked_around(rules: Iterable[RuleSet]) -> Iterator[str]:
    """The pseudo-classes that rules ask for in nodes around the one that they style."""
    for rule in rules:
        for selector_set in rule.selector_set:
            selectors = list(selector_set.selectors)
            while selectors and selectors.pop().combinator is CombinatorType.SAME:
                pass  # one more word on the node itself
            for selector in selectors:
                yield from selector.pseudo_classes
