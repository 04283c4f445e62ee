"""
question = "q4"
seen = "networks from scratch without NumPy"
failing_checks = []
"""

import math


def rnn_step(x_t, h_prev, Wx, Wh, b):
    new_state = []
    for x, h in zip(x_t, h_prev):
        row = []
        for j in range(len(b)):
            total = b[j]
            total += sum(x[i] * Wx[i][j] for i in range(len(x)))
            total += sum(h[i] * Wh[i][j] for i in range(len(h)))
            row.append(math.tanh(total))
        new_state.append(row)
    return np.array(new_state)
