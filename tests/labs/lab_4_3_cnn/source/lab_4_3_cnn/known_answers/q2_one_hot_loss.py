"""
question = "q2"
misconception = "More than two classes need the categorical crossentropy."
truth = "Which crossentropy fits depends on how the labels are written."
failing_checks = ["q2-compiled"]
kind = "compile"
"""

def build_cnn(height=12, width=12, classes=3):
    model = keras.Sequential([
        keras.Input((height, width, 1)),
        keras.layers.Conv2D(8, 3, activation="relu", padding="same"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(classes, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
