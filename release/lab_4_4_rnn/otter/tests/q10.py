from otter.test_files import test_case

OK_FORMAT = False

name = "q10"
points = None

@test_case(points=2, hidden=False, 
    failure_message="The forecaster has a GRU and a Dense layer")
def check_forecaster_layers(build_forecaster):
    """The forecaster has a GRU and a Dense layer"""
    import checks
    import keras
    L = keras.layers
    model = checks.call(build_forecaster)
    checks.layers(model, [L.GRU, L.Dense], hint='Numbers need no Embedding.')

@test_case(points=2, hidden=False, 
    failure_message="Each layer of the forecaster has its size")
def check_forecaster_params(build_forecaster):
    """Each layer of the forecaster has its size"""
    import checks
    model = checks.call(build_forecaster)
    checks.params(model, [3360, 33], hint='One feature per step goes in, one value comes out.')

