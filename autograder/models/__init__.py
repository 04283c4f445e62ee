"""A Keras model as plain data, and back: what crosses the wire in place of a Keras object.

description  layers, their calls and the compile settings as frozen values; errors for a model
rules        what one constructor argument may be
schema       the supported classes of Keras with the rules of their arguments
shapes       output shapes, parameters and training cost, from a description alone
parse        untrusted plain data → a description, or a refusal in one sentence
rebuild      a description → a Keras model, by constructors
encode       a Keras model → plain data; runs next to student code, so nothing trusts its output
"""
