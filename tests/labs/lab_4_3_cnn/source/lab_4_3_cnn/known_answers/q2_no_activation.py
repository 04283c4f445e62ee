"""
question = "q2"
misconception = "A convolution has a nonlinear activation of its own."
truth = "A convolution is linear unless an activation is named."
failing_checks = ["q2-convolutions"]
kind = "setting"
"""

def build_cnn(height=12, width=12, classes=3):
    model = keras.Sequential([
        keras.Input((height, width, 1)),
        keras.layers.Conv2D(8, 3, activation="relu", padding="same"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(16, 3),
        keras.layers.Flatten(),
        keras.layers.Dense(classes, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
