"""Many mini-batch steps of a linear model in one call: margins, slopes, gradient and rule in machine code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.blocks import Lines, Writer, each, flat, index
from ..engine.kernels import elements
from ..engine.machine import instructions, load, place, python, store, unpack
from ..engine.traced import from_rule
from ..expression import OPERATIONS, symbol
from ..losses import Linear, Softmax, price, pull
from ..methods.lift import Rule
from ..methods.orthant import lead, project

maximum = OPERATIONS["maximum"]

# Step after step, as long as the loss is finite: where it is not, the step is not made, and the caller tells of it.
# Scratch arrays have a row of `stride` numbers for each sample and each class: the columns of X, a one for the
# intercept, and zeros up to a multiple of 64 bytes.
STEPS = """
define ptr @steps(ptr %self, ptr %arguments, i64 %count) {{
start:
  {begin}
  %thread = call ptr {PyEval_SaveThread}()
  br label %step
step:
  %k = phi i64 [0, %start], [%k.next, %made]
  %first = mul nuw nsw i64 %k, %size
  %left = sub nuw nsw i64 %samples, %first
  %short = icmp slt i64 %left, %size
  %rows = select i1 %short, i64 %left, i64 %size
  %n.before = mul nuw nsw i64 %k, %n
  {evaluate}
  br label %ask
ask:
  {ask}
  br i1 %finite, label %move, label %end
move:
  {move}
  br label %made
made:
  %k.next = add nuw nsw i64 %k, 1
  %more = icmp slt i64 %k.next, %most
  %going = fcmp olt double %step.square, 0x7FF0000000000000
  %on = and i1 %more, %going
  br i1 %on, label %step, label %end
end:
  %steps = phi i64 [%k, %ask], [%k.next, %made]
  call void {PyEval_RestoreThread}(ptr %thread)
  %result = call ptr {PyLong_FromLongLong}(i64 %steps)
  ret ptr %result
}}
"""
SIZES = ("samples", "size", "features", "classes", "stride", "most", "n")
ARRAYS = ("X", "y", "weights", "x", "g", "table", "wide", "scores", "records", "places")
PENALTIES = ("l1", "l2", "mean")


class Stages(Writer):
    """What a step is made of."""

    def gathered(self) -> Lines:
        """Where the run is, on record and as a row for each class; the samples of the batch as rows."""
        return [
            each("j", "%width", [each("c", self.classes, [
                index("jc", "%j", self.classes, "%c"), self.at("jc.x", "%x", "%jc"),
                "%jc.on = add nuw nsw i64 %n.before, %jc", self.put("%jc.x", "%places", "%jc.on", "jc.record"),
                index("cj", "%c", "%stride", "%j"), self.put("%jc.x", "%wide", "%cj", "cj.wide"),
            ])]),
            each("i", "%rows", [
                "%i.sample = add nuw nsw i64 %first, %i",
                "%i.from = mul nuw nsw i64 %i.sample, %features", place(self.kind, "%i.source", "%X", "%i.from"),
                "%i.to = mul nuw nsw i64 %i, %stride", place(self.kind, "%i.target", "%table", "%i.to"),
                each("b", "%whole", [
                    f"%b.at = mul nuw nsw i64 %b, {self.lanes}", self.block("b.in", "%i.source.place", "%b.at"),
                    self.put_block("%b.in", "%i.target.place", "%b.at", "b.out"),
                ]),
                each("r", "%rest", [
                    "%r.at = add nuw nsw i64 %copied, %r", self.at("r.in", "%i.source.place", "%r.at"),
                    self.put("%r.in", "%i.target.place", "%r.at", "r.out"),
                ]),
            ]),
        ]  # fmt: skip

    def scored(self) -> Lines:
        """The scores of the samples, their losses, and in place of the scores the slopes over the number of rows."""
        return [
            f"%rows.number = sitofp i64 %rows to {self.kind}",
            each("m", "%rows", [
                "%m.row = mul nuw nsw i64 %m, %stride", place(self.kind, "%m.table", "%table", "%m.row"),
                f"%m.z = mul nuw nsw i64 %m, {self.classes}", place(self.kind, "%m.score", "%scores", "%m.z"),
                each("s", self.classes, [
                    "%s.row = mul nuw nsw i64 %s, %stride", place(self.kind, "%s.wide", "%wide", "%s.row"),
                    each("v", "%blocks", [
                        f"%v.at = mul nuw nsw i64 %v, {self.lanes}",
                        self.block("v.a", "%m.table.place", "%v.at"), self.block("v.w", "%s.wide.place", "%v.at"),
                        f"%v.product = fmul {self.vector} %v.a, %v.w",
                        f"%v.dot = fadd {self.vector} %dot.sofar, %v.product",
                    ], ("dot", self.vector, "zeroinitializer", "%v.dot")),
                    self.together("s.score", "%dot"), self.put("%s.score", "%m.score.place", "%s", "s.put"),
                ]),
                "%m.sample = add nuw nsw i64 %first, %m",
                self.at("m.y", "%y", "%m.sample"), self.at("m.weight", "%weights", "%m.sample"),
                f"%m.each = call {self.kind} @loss(ptr %m.score.place, {self.kind} %m.y, i64 {self.classes})",
                f"%m.weighted = fmul {self.kind} %m.weight, %m.each", self.double("m.wide", "%m.weighted"),
                "%m.losses = fadd double %losses.sofar, %m.wide",
                each("d", self.classes, [
                    self.at("d.slope", "%m.score.place", "%d"),
                    f"%d.weighted = fmul {self.kind} %m.weight, %d.slope",
                    f"%d.mean = fdiv {self.kind} %d.weighted, %rows.number",
                    self.put("%d.mean", "%m.score.place", "%d", "d.put"),
                ]),
            ], ("losses", "double", "0.0", "%m.losses")),
        ]  # fmt: skip

    def gradient(self) -> Lines:
        """The gradient of the mean loss, over the rows of parameters."""
        return [
            each("e", self.classes, ["%e.row = mul nuw nsw i64 %e, %stride", each("f", "%blocks", [
                f"%f.at = mul nuw nsw i64 %f, {self.lanes}",
                each("h", "%rows", [
                    index("h.at", "%h", "%stride", "%f.at"), self.block("h.a", "%table", "%h.at"),
                    index("h.z", "%h", self.classes, "%e"), self.at("h.slope", "%scores", "%h.z"),
                    self.everywhere("h.slopes", "%h.slope"),
                    f"%h.product = fmul {self.vector} %h.a, %h.slopes",
                    f"%h.column = fadd {self.vector} %column.sofar, %h.product",
                ], ("column", self.vector, "zeroinitializer", "%h.column")),
                "%f.to = add nuw nsw i64 %e.row, %f.at", self.put_block("%column", "%wide", "%f.to", "f.put"),
            ])]),
            each("o", "%width", [each("q", self.classes, [
                index("qo", "%q", "%stride", "%o"), self.at("qo.g", "%wide", "%qo"),
                index("oq", "%o", self.classes, "%q"), self.put("%qo.g", "%g", "%oq", "oq.put"),
            ])]),
        ]  # fmt: skip

    def elementwise(
        self, i: str, arrays: dict[str, str], outputs: Sequence[Any], numbers: dict[str, str]
    ) -> tuple[Lines, list[str]]:
        """What is computed of the i-th numbers of arrays, by the names of the symbols."""
        loads = [self.at(f"{i}.{name}", array, f"%{i}.in.{name}" if array == "%places" else f"%{i}")
                 for name, array in arrays.items()]  # fmt: skip
        known = {symbol(name): f"%{i}.{name}" for name in arrays} | {symbol(k): v for k, v in numbers.items()}
        lines, results = instructions(outputs, known, self.kind, f"{i}.t")
        return [*loads, *lines], results

    def penalised(self, penalty: bool, sparse: bool) -> Lines:
        """The penalties in loss and gradient; the square of the gradient's norm."""
        names = ["x", "g"] + ["l1", "l2"] * penalty + ["mean"] * sparse
        x, g, l1, l2, mean = map(symbol, ("x", "g", "l1", "l2", "mean"))
        total = g + pull(x, l1, l2) if penalty else g
        outputs = [total, price(x, l1, l2) if penalty else g * 0.0]
        if sparse:
            outputs += lead(x, total, mean, l1, symbol("share"))
        lines, (slope, cost, *led) = self.elementwise(
            "p", {name: f"%{name}" for name in names}, outputs, {"share": "%share"}
        )
        writes = zip(led or [slope], ["g", "mean"], strict=False)
        return [
            each("p", "%n", [
                lines, [self.put(value, f"%{name}", "%p", f"p.put.{name}") for value, name in writes],
                self.double("p.wide", slope), "%p.square = fmul double %p.wide, %p.wide",
                "%p.squares = fadd reassoc double %g.square.sofar, %p.square",
                self.double("p.cost", cost), "%p.costs = fadd reassoc double %costs.sofar, %p.cost",
            ], ("g.square", "double", "0.0", "%p.squares"), ("costs", "double", "0.0", "%p.costs")),
        ]  # fmt: skip

    def moved(self, sparse: bool) -> Lines:
        """Coordinates that crossed zero end there; the square of the step's norm."""
        arrays = {"old": "%places", "new": "%x"} | ({"l1": "%l1", "mean": "%mean"} if sparse else {})
        old, new = symbol("old"), symbol("new")
        end = project(old, new, symbol("mean"), symbol("l1")) if sparse else new
        lines, (x, step) = self.elementwise("u", arrays, [end, end - old], {})
        return [
            each("u", "%n", [
                "%u.in.old = add nuw nsw i64 %n.before, %u", lines, self.put(x, "%x", "%u", "u.put"),
                self.double("u.wide", step), "%u.square = fmul double %u.wide, %u.wide",
                "%u.squares = fadd reassoc double %step.square.sofar, %u.square",
            ], ("step.square", "double", "0.0", "%u.squares")),
        ]  # fmt: skip

    def loss(self, loss: Linear) -> str:
        """``@loss(scores, y, classes) -> loss``, which writes the slopes over the scores."""
        kind = self.kind
        if not isinstance(loss, Softmax):
            lines, (value, slope) = instructions(
                loss.both(symbol("z"), symbol("y")), {symbol("z"): "%z", symbol("y"): "%y"}, kind, "l"
            )
            body: Lines = [self.at("z", "%scores", "0"), lines, self.put(slope, "%scores", "0", "out")]
        else:
            names = {symbol(name): f"%{name}" for name in ("z", "top", "e", "total", "mine")}
            z, top, e, total, mine = names
            top_lines, (highest,) = instructions([maximum(z, top)], {z: "%a.z", top: "%top.sofar"}, kind, "lt")
            e_lines, (weight,) = instructions([loss.weight(z, top)], {z: "%b.z", top: "%top"}, kind, "le")
            v_lines, (value,) = instructions([loss.loss(z, top, total)], names | {z: "%own"}, kind, "lv")
            s_lines, (slope,) = instructions([loss.slope_of(e, total, mine)], names | {e: "%d.e"}, kind, "ls")
            body = [
                f"%label = fptosi {kind} %y to i64", self.at("own", "%scores", "%label"),
                each("a", "%classes", [self.at("a.z", "%scores", "%a"), top_lines],
                     ("top", kind, "0xFFF0000000000000", highest)),
                each("b", "%classes", [
                    self.at("b.z", "%scores", "%b"), e_lines, self.put(weight, "%scores", "%b", "b.put"),
                    f"%b.total = fadd {kind} %total.sofar, {weight}",
                ], ("total", kind, "0.0", "%b.total")),
                v_lines,
                each("d", "%classes", [
                    "%d.is = icmp eq i64 %d, %label", f"%mine = uitofp i1 %d.is to {kind}",
                    self.at("d.e", "%scores", "%d"), s_lines, self.put(slope, "%scores", "%d", "d.put"),
                ]),
            ]  # fmt: skip
        return (
            f"define internal {kind} @loss(ptr noalias %scores, {kind} %y, i64 %classes) {{\nstart:\n  "
            f"{flat(body)}\n  ret {kind} {value}\n}}"
        )


def recorded(column: int, value: str) -> Lines:
    """A number of this step's record."""
    name = f"record.{column}"
    return [index(name, "%k", "3", str(column)), store("double", value, f"%{name}.of", "%records", f"%{name}")]


def epoch_text(rule: type[Rule], loss: Linear, dtype: np.dtype, penalty: bool, sparse: bool) -> str:
    """The loop in LLVM's language: ``steps(sizes, numbers, *arrays, *slots, *penalties) -> steps made``.

    Parameters
    ----------
    rule : type
    loss : Linear
        Its numbers stand in the code.
    dtype : dtype
        float32 or float64: of X, y, the weights of the samples, the parameters, and all else but records.
    penalty : bool
        Whether there are arrays of penalties, `PENALTIES`.
    sparse : bool
        Whether coordinates end at zero where they cross it (see `orthant`).

    Notes
    -----
    sizes, int64: `SIZES`. numbers, float64 of shape (steps, 2 + hyperparameters): t, the hyperparameters, and the
    share of a batch in the mean gradient. Of each step, records of shape (steps, 3) holds the loss and the squares of
    the norms of gradient and step, places x where it begins.
    """
    stages = Stages(dtype, "%classes" if isinstance(loss, Softmax) else "1")
    states = [symbol(name) for name in ("x", *rule.slots)]
    inputs = [states[0], symbol("g"), *states[1:]]
    hyper = [symbol(name) for name in rule.defaults]
    step = elements(dtype, inputs, [*zip(states, from_rule(rule), strict=True)], hyper)
    slots = [f"slot{k}" for k in range(len(rule.slots))]
    arrays = ["sizes", "numbers", *ARRAYS, *slots, *(PENALTIES if penalty else ())]
    width = len(hyper) + 2
    begin: Lines = [
        [line for k, name in enumerate(arrays) for line in unpack(f"%{name}", k)],
        [load("i64", f"%{name}", "%sizes", k) for k, name in enumerate(SIZES)],
        [f"{theirs} = getelementptr i8, ptr %{ours}, i64 0"
         for theirs, ours in zip(step.arrays, ["x", "g", *slots], strict=True)],
        "%width = add nuw nsw i64 %features, 1",
        f"%blocks = sdiv i64 %stride, {stages.lanes}",
        f"%whole = sdiv i64 %features, {stages.lanes}",
        f"%copied = mul nuw nsw i64 %whole, {stages.lanes}",
        "%rest = sub nuw nsw i64 %features, %copied",
    ]  # fmt: skip
    now = "%numbers.now.place"
    evaluate = [
        index("numbers.at", "%k", str(width), "0"), place("double", "%numbers.now", "%numbers", "%numbers.at"),
        load("double", "%share.wide", now, width - 1), stages.narrow("share", "%share.wide"),
        stages.gathered(), stages.scored(), stages.gradient(), stages.penalised(penalty, sparse),
    ]  # fmt: skip
    ask = [
        "%rows.wide = sitofp i64 %rows to double", "%loss = fdiv double %losses, %rows.wide",
        "%value = fadd double %loss, %costs", recorded(0, "%value"), recorded(1, "%g.square"),
        "%value.size = call double @llvm.fabs.f64(double %value)",
        "%sum = fadd double %value.size, %g.square", "%finite = fcmp olt double %sum, 0x7FF0000000000000",
    ]  # fmt: skip
    move = [
        load("double", "%t", now, 0), [load("double", f"%p{k}", now, k + 1) for k in range(len(hyper))], step.once,
        f"call void @loop(i64 %n, {step.arguments})", stages.moved(sparse), recorded(2, "%step.square"),
    ]  # fmt: skip
    names = ("PyEval_SaveThread", "PyEval_RestoreThread", "PyLong_FromLongLong")
    return "\n".join([
        step.loop, stages.loss(loss),
        STEPS.format(begin=flat(begin), evaluate=flat(evaluate), ask=flat(ask), move=flat(move),
                     **{name: python(name) for name in names}),
    ])  # fmt: skip
