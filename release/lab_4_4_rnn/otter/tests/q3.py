from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=1, hidden=False, 
    failure_message="The baseline has the four layers in this order")
def check_dense_layers(build_dense_baseline):
    """The baseline has the four layers in this order"""

    def check(build_dense_baseline):
        import checks
        import keras
        L = keras.layers
        model = checks.call(build_dense_baseline)
        checks.layers(model, [L.Embedding, L.GlobalAveragePooling1D, L.Dense, L.Dense], hint='Compare with the question.')
    check(build_dense_baseline)

@test_case(points=1, hidden=False, 
    failure_message="Input and layers of the baseline have their sizes")
def check_dense_params(build_dense_baseline):
    """Input and layers of the baseline have their sizes"""

    def check(build_dense_baseline):
        import checks
        model = checks.call(build_dense_baseline)
        checks.params(model, [320000, 528, 17], hint='Which number of the question sets the size of this layer?')
        checks.input_shape(model, (None, 200), hint='How many ids does a padded review have?')
    check(build_dense_baseline)

@test_case(points=1, hidden=False, 
    failure_message="The padding is left out of the average")
def check_dense_mask(build_dense_baseline):
    """The padding is left out of the average"""

    def check(build_dense_baseline):
        import checks
        import keras
        model = checks.call(build_dense_baseline)
        checks.setting(model, keras.layers.Embedding, 'mask_zero', True, hint='Without it the average counts the padding.')
    check(build_dense_baseline)

@test_case(points=1, hidden=False, 
    failure_message="Each Dense layer has its activation")
def check_dense_activations(build_dense_baseline):
    """Each Dense layer has its activation"""

    def check(build_dense_baseline):
        import checks
        import keras
        model = checks.call(build_dense_baseline)
        checks.setting(model, keras.layers.Dense, 'activation', ['relu', 'sigmoid'], hint='The question names one for each of them.')
    check(build_dense_baseline)

@test_case(points=1, hidden=False, 
    failure_message="The baseline gives one number for each review")
def check_dense_output(build_dense_baseline):
    """The baseline gives one number for each review"""

    def check(build_dense_baseline):
        import checks
        model = checks.call(build_dense_baseline)
        checks.output(model, (None, 1))
    check(build_dense_baseline)

@test_case(points=1, hidden=False, 
    success_message="Visible checks only: hidden checks bring the other 6 of 12 points.", 
    failure_message="The baseline is compiled as the question says")
def check_dense_compiled(build_dense_baseline):
    """The baseline is compiled as the question says"""

    def check(build_dense_baseline):
        import checks
        model = checks.call(build_dense_baseline)
        checks.compiled(model, loss='binary_crossentropy', optimizer='adam', metric='accuracy')
    check(build_dense_baseline)

