"""
question = "q4"
seen = "answers that let a Keras cell do the work"
failing_checks = []
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    cell = keras.layers.SimpleRNNCell(Wh.shape[0])
    cell.build(x_t.shape)
    cell.set_weights([Wx, Wh, b])
    output, _ = cell(x_t, [h_prev])
    return output.numpy()
