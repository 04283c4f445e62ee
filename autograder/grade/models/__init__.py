"""Models as descriptions: what crosses from a student's process in place of a Keras object.

description  a model as frozen values of our own, its key and its plain form
rules        what one setting may be, and how it is read
table        the layers, optimizers, losses and metrics that may cross, with their settings
shapes       shapes, counts of parameters and work, computed from a description alone
parse        plain data from anybody → a description, or a refusal in one sentence
cost         what a training would cost, and what the trainer takes on
encode       Keras model → plain data; runs beside student code, so nothing trusts it
build        description → Keras model, by constructors

A module imports only from those above it; only ``encode`` and ``build`` import Keras. No
weight, name, seed or initializer crosses, and Keras never sees a student's configuration.
"""
