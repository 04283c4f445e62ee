from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=1, hidden=False, 
    failure_message="The LSTM network has its three layers in order")
def check_lstm_layers(build_gated_rnn):
    """The LSTM network has its three layers in order"""

    def check(build_gated_rnn):
        import checks
        import keras
        L = keras.layers
        model = checks.call(build_gated_rnn, 'lstm')
        checks.layers(model, [L.Embedding, L.LSTM, L.Dense], hint='Compare with the question.')
    check(build_gated_rnn)

@test_case(points=1, hidden=False, 
    failure_message="Input and layers of the LSTM network have their sizes")
def check_lstm_params(build_gated_rnn):
    """Input and layers of the LSTM network have their sizes"""

    def check(build_gated_rnn):
        import checks
        model = checks.call(build_gated_rnn, 'lstm')
        checks.params(model, [320000, 8320, 33], hint='What does the question say about the size of this layer?')
        checks.input_shape(model, (None, 200), hint='How many ids does a padded review have?')
    check(build_gated_rnn)

@test_case(points=1, hidden=False, 
    failure_message="Dropout, mask and name of the LSTM network are set, and no more")
def check_lstm_settings(build_gated_rnn):
    """Dropout, mask and name of the LSTM network are set, and no more"""

    def check(build_gated_rnn):
        import checks
        import keras
        model = checks.call(build_gated_rnn, 'lstm')
        checks.recurrent(model, keras.layers.LSTM, dropout=0.2)
        checks.setting(model, keras.layers.Embedding, 'mask_zero', True, hint='Without it the padding erases the memory.')
        checks.model_name(model, 'LSTM_Model', hint='A model takes its name as an argument.')
    check(build_gated_rnn)

@test_case(points=1, hidden=False, 
    failure_message="The LSTM network gives one probability and is compiled for it")
def check_lstm_output(build_gated_rnn):
    """The LSTM network gives one probability and is compiled for it"""

    def check(build_gated_rnn):
        import checks
        model = checks.call(build_gated_rnn, 'lstm')
        checks.output(model, (None, 1), activation='sigmoid')
        checks.compiled(model, loss='binary_crossentropy', optimizer='adam', metric='accuracy')
    check(build_gated_rnn)

@test_case(points=1, hidden=False, 
    failure_message="The GRU network has its three layers in order")
def check_gru_layers(build_gated_rnn):
    """The GRU network has its three layers in order"""

    def check(build_gated_rnn):
        import checks
        import keras
        L = keras.layers
        model = checks.call(build_gated_rnn, 'gru')
        checks.layers(model, [L.Embedding, L.GRU, L.Dense], hint='Compare with the question.')
    check(build_gated_rnn)

@test_case(points=1, hidden=False, 
    failure_message="Input and layers of the GRU network have their sizes")
def check_gru_params(build_gated_rnn):
    """Input and layers of the GRU network have their sizes"""

    def check(build_gated_rnn):
        import checks
        model = checks.call(build_gated_rnn, 'gru')
        checks.params(model, [320000, 6336, 33], hint='What does the question say about the size of this layer?')
        checks.input_shape(model, (None, 200), hint='How many ids does a padded review have?')
    check(build_gated_rnn)

@test_case(points=1, hidden=False, 
    failure_message="Dropout, mask and name of the GRU network are set, and no more")
def check_gru_settings(build_gated_rnn):
    """Dropout, mask and name of the GRU network are set, and no more"""

    def check(build_gated_rnn):
        import checks
        import keras
        model = checks.call(build_gated_rnn, 'gru')
        checks.recurrent(model, keras.layers.GRU, dropout=0.2)
        checks.setting(model, keras.layers.Embedding, 'mask_zero', True, hint='Without it the padding erases the memory.')
        checks.model_name(model, 'GRU_Model', hint='A model takes its name as an argument.')
    check(build_gated_rnn)

@test_case(points=1, hidden=False, 
    success_message="Visible checks only: hidden checks bring the other 8 of 16 points.", 
    failure_message="The GRU network gives one probability and is compiled for it")
def check_gru_output(build_gated_rnn):
    """The GRU network gives one probability and is compiled for it"""

    def check(build_gated_rnn):
        import checks
        model = checks.call(build_gated_rnn, 'gru')
        checks.output(model, (None, 1), activation='sigmoid')
        checks.compiled(model, loss='binary_crossentropy', optimizer='adam', metric='accuracy')
    check(build_gated_rnn)

