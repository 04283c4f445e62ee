"""
question = "q4"
seen = "textbook formulas made to fit with transposes"
failing_checks = []
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    a_t = np.dot(Wx.T, x_t.T) + np.dot(Wh.T, h_prev.T) + b.reshape(-1, 1)
    return np.tanh(a_t).T
