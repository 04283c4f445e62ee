from otter.test_files import test_case

OK_FORMAT = False

name = "q5"
points = None

@test_case(points=1, hidden=False, 
    failure_message="The network has the three layers in this order")
def check_rnn_layers(build_simple_rnn):
    """The network has the three layers in this order"""

    def check(build_simple_rnn):
        import checks
        import keras
        L = keras.layers
        model = checks.call(build_simple_rnn)
        checks.layers(model, [L.Embedding, L.SimpleRNN, L.Dense], hint='Compare with the question.')
    check(build_simple_rnn)

@test_case(points=1, hidden=False, 
    failure_message="Input and layers of the network have their sizes")
def check_rnn_params(build_simple_rnn):
    """Input and layers of the network have their sizes"""

    def check(build_simple_rnn):
        import checks
        model = checks.call(build_simple_rnn)
        checks.params(model, [320000, 2080, 33], hint='What does the question say about the size of this layer?')
        checks.input_shape(model, (None, 200), hint='How many ids does a padded review have?')
    check(build_simple_rnn)

@test_case(points=1, hidden=False, 
    failure_message="The embedding marks the padding")
def check_rnn_mask(build_simple_rnn):
    """The embedding marks the padding"""

    def check(build_simple_rnn):
        import checks
        import keras
        model = checks.call(build_simple_rnn)
        checks.setting(model, keras.layers.Embedding, 'mask_zero', True, hint='The question names this setting of Embedding.')
    check(build_simple_rnn)

@test_case(points=1, hidden=False, 
    failure_message="The recurrent layer has the settings that Keras gives it")
def check_rnn_recurrent(build_simple_rnn):
    """The recurrent layer has the settings that Keras gives it"""

    def check(build_simple_rnn):
        import checks
        import keras
        model = checks.call(build_simple_rnn)
        checks.recurrent(model, keras.layers.SimpleRNN)
    check(build_simple_rnn)

@test_case(points=1, hidden=False, 
    failure_message="The network gives one probability for each review")
def check_rnn_output(build_simple_rnn):
    """The network gives one probability for each review"""

    def check(build_simple_rnn):
        import checks
        model = checks.call(build_simple_rnn)
        checks.output(model, (None, 1), activation='sigmoid')
    check(build_simple_rnn)

@test_case(points=1, hidden=False, 
    success_message="Visible checks only: hidden checks bring the other 6 of 12 points.", 
    failure_message="The network is compiled as the question says")
def check_rnn_compiled(build_simple_rnn):
    """The network is compiled as the question says"""

    def check(build_simple_rnn):
        import checks
        model = checks.call(build_simple_rnn)
        checks.compiled(model, loss='binary_crossentropy', optimizer='adam', metric='accuracy')
    check(build_simple_rnn)

