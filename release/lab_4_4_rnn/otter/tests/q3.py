from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=2, hidden=False, 
    failure_message="The baseline has the four layers in this order")
def check_dense_layers(build_dense_baseline):
    """The baseline has the four layers in this order"""
    import checks
    import keras
    L = keras.layers
    model = checks.call(build_dense_baseline)
    checks.layers(model, [L.Embedding, L.GlobalAveragePooling1D, L.Dense, L.Dense], hint='Compare with the list in the question.')

@test_case(points=2, hidden=False, 
    failure_message="Each layer of the baseline has its size")
def check_dense_params(build_dense_baseline):
    """Each layer of the baseline has its size"""
    import checks
    model = checks.call(build_dense_baseline)
    checks.params(model, [320000, 528, 17], hint='Which number of the question sets the size of this layer?')

@test_case(points=2, hidden=False, 
    failure_message="Mask, activations, loss and optimizer are those asked for")
def check_dense_output(build_dense_baseline):
    """Mask, activations, loss and optimizer are those asked for"""
    import checks
    import keras
    model = checks.call(build_dense_baseline)
    checks.output(model, (None, 1), activation='sigmoid', hint='One number between 0 and 1 for each review.')
    activations = ['relu', 'sigmoid']
    checks.setting(model, keras.layers.Embedding, 'mask_zero', True, hint='Without it the average counts the padding.')
    checks.setting(model, keras.layers.Dense, 'activation', activations, hint='Each Dense layer has one: see the question.')
    checks.compiled(model, loss='binary_crossentropy', optimizer='adam', metric='accuracy')

