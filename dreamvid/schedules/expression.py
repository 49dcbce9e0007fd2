"""Formulas such as `1.02 + 0.01*sin(2*pi*t/30)`: a small safe grammar, compiled once.

The grammar is that of arithmetic in Python and numexpr, on floats only: no attribute, no index, no
assignment, and no access to Python; a string only as the file of a curve. Evaluation runs a flat
list of steps, so its time is proportional to the length of the text, whatever the text is.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dreamvid.schedules.signals import BANDS, CURVE, band_name, curve_name

MAX_NESTING = 60
"""Maximum nesting depth of brackets, signs and powers."""

CONSTANTS = {"pi": math.pi, "tau": math.tau, "e": math.e, "true": 1.0, "false": 0.0}


class ExpressionError(ValueError):
    """A text is not a valid formula: `what` is the problem, `at` its character index (from 0)."""

    def __init__(self, what: str, at: int) -> None:
        super().__init__(what)
        self.what, self.at = what, at


def _truth(compare: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    return lambda a, b: float(compare(a, b))


def _where(condition: float, yes: float, no: float) -> float:
    if math.isnan(condition):
        return math.nan
    return yes if condition else no


def _clamp(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _smoothstep(low: float, high: float, value: float) -> float:
    u = _clamp((value - low) / (high - low), 0.0, 1.0)
    return u * u * (3 - 2 * u)


class Function(NamedTuple):
    """A function or operator, and its number of arguments (`most` None: no upper limit)."""

    compute: Callable[..., float]
    least: int
    most: int | None


_ONE: dict[str, Callable[[float], float]] = {
    "sin": math.sin, "cos": math.cos, "tan": math.tan,
    "asin": math.asin, "acos": math.acos, "atan": math.atan,
    "arcsin": math.asin, "arccos": math.acos, "arctan": math.atan,
    "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh,
    "sqrt": math.sqrt, "exp": math.exp, "expm1": math.expm1,
    "log": math.log, "ln": math.log, "log10": math.log10, "log2": math.log2, "log1p": math.log1p,
    "abs": abs, "floor": math.floor, "ceil": math.ceil, "round": round,
    "sign": lambda x: math.copysign(1.0, x) if x else 0.0,
}  # fmt: skip
FUNCTIONS: dict[str, Function] = {
    **{name: Function(compute, 1, 1) for name, compute in _ONE.items()},
    "atan2": Function(math.atan2, 2, 2),
    "arctan2": Function(math.atan2, 2, 2),
    "pow": Function(math.pow, 2, 2),
    "mod": Function(math.fmod, 2, 2),
    "min": Function(min, 2, None),
    "max": Function(max, 2, None),
    "clamp": Function(_clamp, 3, 3),
    "clip": Function(_clamp, 3, 3),
    "smoothstep": Function(_smoothstep, 3, 3),
    "where": Function(_where, 3, 3),
}

# Operator -> (precedence, function), in the order of Python and numexpr.
# % is C's fmod, as in numexpr: the result has the sign of the left operand.
_COMPARE, _NOT, _SIGN, _POWER = 4, 3, 10, 11
_BINARY: dict[str, tuple[int, Callable[[float, float], float]]] = {
    "or": (1, _truth(lambda a, b: bool(a) or bool(b))),
    "and": (2, _truth(lambda a, b: bool(a) and bool(b))),
    "<": (_COMPARE, _truth(operator.lt)),
    "<=": (_COMPARE, _truth(operator.le)),
    ">": (_COMPARE, _truth(operator.gt)),
    ">=": (_COMPARE, _truth(operator.ge)),
    "==": (_COMPARE, _truth(operator.eq)),
    "!=": (_COMPARE, _truth(operator.ne)),
    "|": (5, _truth(lambda a, b: bool(a) or bool(b))),
    "&": (6, _truth(lambda a, b: bool(a) and bool(b))),
    "+": (8, operator.add),
    "-": (8, operator.sub),
    "*": (9, operator.mul),
    "/": (9, operator.truediv),
    "//": (9, operator.floordiv),
    "%": (9, math.fmod),
    "**": (_POWER, math.pow),
}
_NEGATE = Function(operator.neg, 1, 1)
_INVERT = Function(lambda a: float(not a), 1, 1)


class _Call(NamedTuple):
    compute: Callable[..., float]
    arity: int


Step = float | str | _Call


@dataclass(frozen=True)
class Expression:
    """A compiled formula; `literal` is true for a plain number, `names` are its variables."""

    steps: tuple[Step, ...]
    names: frozenset[str]
    literal: bool

    def __call__(self, variables: Mapping[str, float]) -> float:
        """Evaluate the formula; an undefined result (1/0, sqrt(-1), 9**9**9) is NaN or infinity."""
        stack: list[float] = []
        for step in self.steps:
            if isinstance(step, str):
                stack.append(variables[step])
            elif isinstance(step, float):
                stack.append(step)
            else:
                values = stack[len(stack) - step.arity :]
                del stack[len(stack) - step.arity :]
                stack.append(_compute(step.compute, values))
        return stack[-1]


def _compute(compute: Callable[..., float], values: list[float]) -> float:
    if compute is not _where and any(map(math.isnan, values)):
        return math.nan  # min, max and comparisons would hide it; where may select the other value
    try:
        return float(compute(*values))
    except (ArithmeticError, ValueError):
        return math.nan


_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<sign>\*\*|//|<=|>=|==|!=|[-+*/%()<>&|~,])"
    r"|(?P<end>\Z))"
)


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while not tokens or tokens[-1].kind != "end":
        match = _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            hint = ", use ** for a power" if text[at] == "^" else ""
            if f"{CURVE}(" in text[:at]:
                hint = ", put the file in quotes: curve('drawn.csv')"
            raise ExpressionError(f"unexpected {text[at]!r}{hint}", at)
        kind = match.lastgroup or "end"
        tokens.append(_Token(kind, match.group(kind), match.start(kind)))
        at = match.end()
    return tokens


class _Parser:
    """Precedence climbing; emits the steps in the order of a stack machine."""

    def __init__(self, text: str, variables: frozenset[str]) -> None:
        self.tokens, self.next = _tokens(text), 0
        self.variables, self.names = variables, set[str]()
        self.steps: list[Step] = []
        self.depth = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def take(self, text: str = "") -> bool:
        if text and self.token.text != text:
            return False
        self.next += 1
        return True

    def expression(self, bound: int = 0) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise ExpressionError("nested too deeply", self.token.at)
        self.prefix()
        while self.token.text in _BINARY:
            sign = self.token
            power, compute = _BINARY[sign.text]
            if power < bound:
                break
            self.take()
            self.expression(_SIGN if power == _POWER else power + 1)
            self.steps.append(_Call(compute, 2))
            if power == _COMPARE and _BINARY.get(self.token.text, (0,))[0] == _COMPARE:
                raise ExpressionError(
                    "comparisons cannot be chained, use (a < b) & (b < c)", self.token.at
                )
        self.depth -= 1

    def prefix(self) -> None:
        token = self.token
        if token.text in ("-", "+", "~", "not"):
            self.take()
            self.expression(_NOT if token.text == "not" else _SIGN)
            if token.text != "+":
                self.steps.append(_Call((_NEGATE if token.text == "-" else _INVERT).compute, 1))
        elif token.kind == "number":
            self.take()
            self.steps.append(float(token.text))
        elif token.kind == "name":
            self.name()
        elif self.take("("):
            self.expression()
            self.close()
        else:
            found = repr(token.text) if token.text else "the end"
            raise ExpressionError(f"missing value before {found}", token.at)

    def name(self) -> None:
        token = self.token
        self.take()
        if self.token.text == "(":
            self.call(token)
        elif token.text in CONSTANTS:
            self.steps.append(CONSTANTS[token.text])
        elif token.text in self.variables:
            self.names.add(token.text)
            self.steps.append(token.text)
        elif token.text in FUNCTIONS or token.text in (BANDS, CURVE):
            raise ExpressionError(f"{token.text} needs brackets: {token.text}(...)", token.at)
        else:
            raise ExpressionError(_unknown("variable", token.text, self.variables), token.at)

    def call(self, token: _Token) -> None:
        if token.text in (BANDS, CURVE):
            self.signal(token)
            return
        if token.text not in FUNCTIONS:
            known = frozenset((*FUNCTIONS, BANDS, CURVE))
            raise ExpressionError(_unknown("function", token.text, known), token.at)
        function, count = FUNCTIONS[token.text], 0
        self.take("(")
        while self.token.text != ")" or count:
            self.expression()
            count += 1
            if not self.take(","):
                break
        self.close()
        if count < function.least or (function.most is not None and count > function.most):
            wanted = f"{function.least}" if function.most else f"{function.least} or more"
            raise ExpressionError(f"{token.text} takes {wanted} values, not {count}", token.at)
        self.steps.append(_Call(function.compute, count))

    def signal(self, token: _Token) -> None:
        """A signal with arguments: it is a variable, named by how it is written."""
        self.take("(")
        if token.text == CURVE:
            if self.token.kind != "text" or not self.token.text[1:-1].strip():
                raise ExpressionError("curve takes a file in quotes: curve('drawn.csv')", token.at)
            name = curve_name(self.token.text[1:-1])
            self.take()
        else:
            low, high = self.number(token), self.take(",") and self.number(token)
            try:
                name = band_name(low, high)
            except ValueError as error:
                raise ExpressionError(str(error), token.at) from None
        self.close()
        self.names.add(name)
        self.steps.append(name)

    def number(self, token: _Token) -> float:
        """A frequency of a band, which cannot be a formula."""
        if self.token.kind != "number":
            raise ExpressionError("bands takes two numbers: bands(40, 120)", token.at)
        value = float(self.token.text)
        self.take()
        return value

    def close(self) -> None:
        if not self.take(")"):
            found = repr(self.token.text) if self.token.text else "the end"
            raise ExpressionError(f"missing ')' before {found}", self.token.at)


def _unknown(kind: str, name: str, known: Mapping[str, object] | frozenset[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name[:40], sorted(known), n=1)
    near_miss = f" (did you mean {near[0]}?)" if near else f" (known: {', '.join(sorted(known))})"
    return f"unknown {kind} {name[:40]!r}{near_miss}"


def parse_expression(text: str, variables: frozenset[str]) -> Expression:
    """Compile a formula that may use `variables`, CONSTANTS and FUNCTIONS.

    Raises ExpressionError with the problem and its character index.
    """
    parser = _Parser(text, variables)
    parser.expression()
    if parser.token.kind != "end":
        raise ExpressionError(f"unexpected {parser.token.text!r}", parser.token.at)
    literal = re.fullmatch(r"\s*[+-]?\s*[0-9.]+(?:[eE][+-]?[0-9]+)?\s*", text, re.ASCII) is not None
    return Expression(tuple(parser.steps), frozenset(parser.names), literal)
