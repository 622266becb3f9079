"""The methods: formulas, directions and searches, and what can be put around them.

- ``method``, ``registry``: what the loop asks of a method; all of them by name.
- ``rules``: every elementwise optimiser, as its formula; ``lift`` makes methods of them, ``hyper`` looks at their
  hyperparameters, ``stepper`` is for loops of one's own.
- ``directions``, ``conjugate``, ``leastsquares``: BFGS and L-BFGS, conjugate gradients, Levenberg-Marquardt.
- ``descent``, ``metric``: the step along a direction; the diagonal metric that directions begin with; ``columns``:
  their products, for one run or many.
- ``searches``, ``lengths``, ``spectral``: line searches, the policies for ``lr``; ``reach``: how far a first step
  goes; ``stability``: at which rates rules are stable.
- ``parameterfree``, ``stochastic``: methods that find their own rate; the default for noisy gradients.
- ``proximal``, ``orthant``: f plus a set or a penalty, with all data or with batches.
- ``wrappers``: the protocol of methods around methods; ``gradientwrappers``: clipping, noise, accumulation;
  ``iteratewrappers``: weight decay and averages; ``preconditioned``: a rule in other coordinates.
- ``settled``, ``units``: when a quasi-Newton run is done, and which coordinates it has overlooked.
- ``continuation``: what goes on where a direction leads no farther: ``polish``, parabolas in noise; ``bundle``, planes
  where slopes jump, which ``kinks`` finds and whose shares ``simplex`` computes.
"""
