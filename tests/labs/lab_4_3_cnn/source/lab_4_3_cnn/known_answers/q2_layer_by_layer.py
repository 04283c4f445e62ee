"""
question = "q2"
misconception = "Right: written layer by layer, with the settings in other spellings."
failing_checks = []
"""

def build_cnn(height=12, width=12, classes=3):
    model = keras.Sequential()
    model.add(keras.layers.Input(shape=(height, width, 1)))
    model.add(keras.layers.Conv2D(filters=8, kernel_size=(3, 3), padding="same"))
    model.add(keras.layers.Activation("relu"))
    model.add(keras.layers.MaxPool2D(pool_size=(2, 2)))
    model.add(keras.layers.Conv2D(filters=16, kernel_size=(3, 3), activation=keras.activations.relu))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(classes))
    model.add(keras.layers.Softmax())
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(), optimizer=keras.optimizers.Adam(), metrics=["acc"])
    return model
