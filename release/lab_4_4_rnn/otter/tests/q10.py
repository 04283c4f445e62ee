from otter.test_files import test_case

OK_FORMAT = False

name = "q10"
points = None

@test_case(points=1, hidden=False, 
    failure_message="The forecaster has a GRU as Keras makes it, and a Dense layer")
def check_forecaster_layers(build_forecaster):
    """The forecaster has a GRU as Keras makes it, and a Dense layer"""

    def check(build_forecaster):
        import checks
        import keras
        L = keras.layers
        model = checks.call(build_forecaster)
        checks.layers(model, [L.GRU, L.Dense], hint='Numbers need no Embedding.')
        checks.recurrent(model, L.GRU)
    check(build_forecaster)

@test_case(points=1, hidden=False, 
    failure_message="Input and layers of the forecaster have their sizes")
def check_forecaster_params(build_forecaster):
    """Input and layers of the forecaster have their sizes"""

    def check(build_forecaster):
        import checks
        model = checks.call(build_forecaster)
        checks.params(model, [3360, 33], hint='One feature per step goes in, one value comes out.')
        checks.input_shape(model, (None, 30, 1), hint='A window of steps, and one feature in each.')
    check(build_forecaster)

@test_case(points=1, hidden=False, 
    failure_message="The forecaster gives one value, which may be any number")
def check_forecaster_output(build_forecaster):
    """The forecaster gives one value, which may be any number"""

    def check(build_forecaster):
        import checks
        model = checks.call(build_forecaster)
        checks.output(model, (None, 1), activation='linear', hint='A forecast is not a probability.')
    check(build_forecaster)

@test_case(points=1, hidden=False, 
    success_message="Visible checks only: hidden checks bring the other 4 of 8 points.", 
    failure_message="The forecaster is compiled as the question says")
def check_forecaster_compiled(build_forecaster):
    """The forecaster is compiled as the question says"""

    def check(build_forecaster):
        import checks
        model = checks.call(build_forecaster)
        checks.compiled(model, loss='mse', optimizer='adam', metric='mae', hint='A forecast is a number, not a class.')
    check(build_forecaster)

