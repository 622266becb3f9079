"""placeholder"""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .lengths import along
from .method import Method
from .oracle import Oracle
from .point import Point, norm
from .searches import strong_wolfe

SETBACKS = 3

class Descent:
    c2: float

    def step(self, point, memory, t, oracle):
        for _ in range(SETBACKS):
            direction, memory = self.update(point, memory)
            slope = float(point.g.dot(direction))
            if slope < 0:
                search = strong_wolfe(point.f, slope, memory.first, oracle.derivative.noise(point.f), c2=self.c2)
                new, a = along(search, point, direction, oracle)
                if a > 0:
                    return new, memory, a
            changed = oracle.derivative.refresh(point.x, point.f)
            if changed:
                point = oracle.meet(point.x, point.f)
            elif memory.fresh:
                break
            memory = self.init(point)
        return point, memory, 0.0


def opening(point, H, g):
    """first length for -H g"""
    d = H*g
    if point.oracle.derivative.diagonal() is not None:
        return 1.0
    return OPEN(point, d)

def OPEN(point, d):
    sx, sd = norm(point.x), norm(d)
    slope = abs(float(point.g.dot(d)))
    cands=[]
    if sx>0: cands.append(0.1*sx/sd)
    if point.f!=0: cands.append(abs(point.f)/slope)
    return min(cands) if cands else 1/sd

def scale(point):
    d = point.oracle.derivative.diagonal()
    if d is None: return np.ones_like(point.x)
    d = np.abs(d)
    x = np.where(point.x==0, 1.0, np.abs(point.x))
    with np.errstate(all="ignore"):
        H = np.where(d>0, 1/d, x/np.abs(point.g))
    return np.where(np.isfinite(H), H, 1.0)


def pair(point, last):
    s, y = point.x - last.x, point.g - last.g
    sy = float(s.dot(y))
    if point.error is None or last.error is None:
        ok = sy > 0
    else:
        e = np.hypot(point.error, last.error)
        with np.errstate(all="ignore"):
            e = np.where(s == 0, 0.0, e*s)
        ok = sy > 0 and sy >= 3*norm(e)
    return s, y, sy, ok

def masked(d, g):
    return np.where(g == 0, 0.0, d)

class Mem(NamedTuple):
    last: Any
    H: Any
    A: Any
    B: Any
    gamma: float
    first: float
    fresh: bool

GAMMA = lambda s,y,sy,H: sy/float(y.dot(H*y))

def sandwich(M, s, y, sy):
    """V' M V, V = I - y s'/s'y"""
    My = M@y
    u = My/sy
    c = float(y.dot(u))/sy
    w = u - (0.5*c)*s
    return M - np.outer(w, s) - np.outer(s, w)

@dataclass(frozen=True)
class BFGS(Descent, Method):
    c2: float = 0.9
    name = "BFGS"

    def init(self, point):
        H = scale(point)
        return Mem(point, H, np.diag(H), np.zeros((H.size, H.size)), 1.0, opening(point, H, point.g), True)

    def update(self, point, m):
        if point is not m.last:
            s, y, sy, ok = pair(point, m.last)
            if ok:
                A = sandwich(m.A, s, y, sy)
                B = sandwich(m.B, s, y, sy)+np.outer(s,s)/sy
                m = m._replace(last=point, A=A, B=B, gamma=GAMMA(s,y,sy,m.H), first=1.0, fresh=False)
            else:
                m = m._replace(last=point)
        d = -(m.gamma*(m.A@point.g)+m.B@point.g)
        return masked(d, point.g), m

class LMem(NamedTuple):
    last: Any
    H: Any
    pairs: tuple
    first: float
    fresh: bool


@dataclass(frozen=True)
class LBFGS(Descent, Method):
    memory: int = 10
    c2: float = 0.9
    name = "LBFGS"

    def init(self, point):
        H = scale(point)
        return LMem(point, H, (), opening(point, H, point.g), True)

    def update(self, point, m):
        if point is not m.last:
            s, y, sy, ok = pair(point, m.last)
            if ok:
                m = m._replace(last=point, pairs=(*m.pairs, (s, y, sy))[-self.memory:], first=1.0, fresh=False)
            else:
                m = m._replace(last=point)
        q = point.g.copy()
        co = []
        for s, y, sy in reversed(m.pairs):
            co.append(s.dot(q)/sy)
            q -= co[-1]*y
        q = m.H*q
        if m.pairs:
            q *= GAMMA(*m.pairs[-1], m.H)
        for (s, y, sy), c in zip(m.pairs, reversed(co)):
            q += (c - y.dot(q)/sy)*s
        return masked(-q, point.g), m
