"""Models as descriptions: what crosses from a student's process in place of a Keras object.

description  a model as frozen values of our own, its key and its plain form
rules        what one setting may be, and how it is read
table        the layers, optimizers, losses and metrics that may cross, with their settings
shapes       shapes, counts of parameters and work, computed from a description alone
parse        plain data from anybody → a description, or a refusal in one sentence
cost         what a training would cost, estimated from a description
build        description → Keras model, by constructors

wiring       how the layers of a Keras model are connected
objects      one object of Keras → plain data
compiled     what a Keras model is compiled with → plain data
encode       Keras model → plain data; with the three above it runs beside student code, so
             nothing trusts it

A module imports only from those above it. No weight, name, seed or initializer crosses, and
Keras never sees a student's configuration.
"""
