from otter.test_files import test_case

OK_FORMAT = False

name = "q5"
points = None

@test_case(points=2, hidden=False, 
    failure_message="The network has the three layers in this order")
def check_rnn_layers(build_simple_rnn):
    """The network has the three layers in this order"""
    import checks
    import keras
    L = keras.layers
    model = checks.call(build_simple_rnn)
    checks.layers(model, [L.Embedding, L.SimpleRNN, L.Dense], hint='Compare with the list in the question.')

@test_case(points=2, hidden=False, 
    failure_message="Each layer of the network has its size")
def check_rnn_params(build_simple_rnn):
    """Each layer of the network has its size"""
    import checks
    model = checks.call(build_simple_rnn)
    checks.params(model, [320000, 2080, 33], hint='Which argument of the function sets the size of this layer?')
    checks.input_shape(model, (None, 200), hint='How many ids does a padded review have?')

@test_case(points=2, hidden=False, 
    failure_message="The network gives one probability per review and is compiled for it")
def check_rnn_output(build_simple_rnn):
    """The network gives one probability per review and is compiled for it"""
    import checks
    import keras
    model = checks.call(build_simple_rnn)
    checks.setting(model, keras.layers.Embedding, 'mask_zero', True, hint='The question names this setting of Embedding.')
    checks.recurrent(model, keras.layers.SimpleRNN)
    checks.output(model, (None, 1), activation='sigmoid')
    checks.compiled(model, loss='binary_crossentropy', optimizer='adam', metric='accuracy')

