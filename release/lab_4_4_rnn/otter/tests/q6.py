from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=2, hidden=False, 
    failure_message="Each kind gets its own recurrent layer")
def check_gated_layers(build_gated_rnn):
    """Each kind gets its own recurrent layer"""
    import checks
    import keras
    L = keras.layers
    for kind, layer in {'lstm': L.LSTM, 'gru': L.GRU}.items():
        model = checks.call(build_gated_rnn, kind)
        checks.layers(model, [L.Embedding, layer, L.Dense], hint='Which layer belongs to which kind?')

@test_case(points=2, hidden=False, 
    failure_message="Each layer of both networks has its size")
def check_gated_params(build_gated_rnn):
    """Each layer of both networks has its size"""
    import checks
    counts = {'lstm': [320000, 8320, 33], 'gru': [320000, 6336, 33]}
    for kind, count in counts.items():
        model = checks.call(build_gated_rnn, kind)
        checks.params(model, count, hint='Which argument of the function sets the size of this layer?')

@test_case(points=2, hidden=False, 
    failure_message="Both networks give one probability per review and are compiled for it")
def check_gated_output(build_gated_rnn):
    """Both networks give one probability per review and are compiled for it"""
    import checks
    for kind in ('lstm', 'gru'):
        model = checks.call(build_gated_rnn, kind)
        checks.output(model, (None, 1), activation='sigmoid')
        checks.compiled(model, loss='binary_crossentropy', optimizer='adam', metric='accuracy')

@test_case(points=2, hidden=False, 
    failure_message="Dropout, mask and name are set, and the other settings are Keras' own")
def check_gated_settings(build_gated_rnn):
    """Dropout, mask and name are set, and the other settings are Keras' own"""
    import checks
    import keras
    L = keras.layers
    names = {'lstm': 'LSTM_Model', 'gru': 'GRU_Model'}
    for kind, layer in {'lstm': L.LSTM, 'gru': L.GRU}.items():
        model = checks.call(build_gated_rnn, kind)
        checks.recurrent(model, layer, dropout=0.2)
        checks.setting(model, L.Embedding, 'mask_zero', True, hint='Without it the padding erases the memory.')
        checks.model_name(model, names[kind], hint='A model takes its name as an argument.')

