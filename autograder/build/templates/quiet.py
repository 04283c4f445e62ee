"""Import TensorFlow without a word on stderr.

Its C++ libraries write to descriptor 2 while they load, whatever the log level says; nbgrader
counts anything on stderr as a wrong answer.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if "keras" not in sys.modules:
    if sys.stderr is not None:
        sys.stderr.flush()
    _saved, _null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(_null, 2)
    try:
        import keras as keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow as tensorflow

            tensorflow.get_logger().setLevel("ERROR")  # retracing warnings go to stderr
    finally:
        os.dup2(_saved, 2)
        os.close(_saved)
        os.close(_null)
