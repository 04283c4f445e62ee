"""
question = "q2"
misconception = "Every picture has the size of the example."
truth = "The arguments say how large a picture is."
failing_checks = ["q2-other-sizes"]
kind = "params"
"""

def build_cnn(height=12, width=12, classes=3):
    model = keras.Sequential([
        keras.Input((12, 12, 1)),
        keras.layers.Conv2D(8, 3, activation="relu", padding="same"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(classes, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
