"""A Keras model as plain data, and back: what crosses the wire in place of a Keras object.

catalog      which classes and functions of Keras may be named (keras_names), and their arguments
description  objects, calls and compile settings as frozen values; errors for a model
parse        untrusted plain data → a description, or a refusal in one sentence
rebuild      a description → a Keras model, by constructors
sizes        shapes, parameters and training cost, before a weight exists
encode       a Keras model → plain data (encode_compile: its compile settings); runs next to student
             code, so nothing trusts its output
"""
